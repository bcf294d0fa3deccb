using System.Text;
using AgentRuntime.Engine.Grammar.Automata;
using AgentRuntime.Engine.Grammar.Matching;
using AgentRuntime.Engine.Grammar.Schema;
using AgentRuntime.Engine.Sampling;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Grammar;

/// <summary>A constraint compiled for a vocabulary. Safe for concurrent use; keeps what its masks have in common.</summary>
public sealed class TokenGrammar
{
    private const int MaxKeptMasks = 512, MaxKeptForced = 4096, MaxForcedBytes = 1024;

    private readonly Lock _gate = new();
    private readonly Tokenizer _tokenizer;
    private readonly StateSpace _space;
    private MaskBuilder? _masks;
    private readonly Queue<MatchState> _kept = [];
    private ForcedTokens? _forced;
    private readonly Dictionary<(MatchState, string), int[]> _keptForced = [];

    internal TokenGrammar(Tokenizer tokenizer, Container root)
    {
        _tokenizer = tokenizer;
        _space = new StateSpace(root);
    }

    internal MatchState Start => _space.Start;

    /// <summary>Guards <see cref="Space"/>.</summary>
    internal Lock Gate => _gate;

    internal StateSpace Space => _space;

    internal TokenTrie Trie => TokenTrie.Of(_tokenizer);

    // What knows the whole vocabulary waits until it is needed: a large one takes a while, see Prepare.
    private MaskBuilder Masks => _masks ??= new(Trie, _space);

    private ForcedTokens Cutter => _forced ??= new(_tokenizer);

    /// <summary>Compiles a constraint.</summary>
    /// <exception cref="GrammarException">It is broken, contradicts itself, is too large or needs what is not supported.</exception>
    public static TokenGrammar Compile(Constraint constraint, Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(constraint);
        ArgumentNullException.ThrowIfNull(tokenizer);
        return new TokenGrammar(tokenizer, Root(constraint));
    }

    /// <summary>What a constraint is before it meets a vocabulary.</summary>
    internal static RootNode Root(Constraint constraint) => constraint.Kind switch
    {
        ConstraintKind.Schema => SchemaCompiler.Compile(constraint.Text, constraint.Whitespace),
        ConstraintKind.Choices => Choices(constraint.Alternatives),
        _ => Regex(constraint.Text),
    };

    /// <summary>A mask for one generation, before its first token.</summary>
    public ITokenMask CreateMask() => new GrammarMask(this);

    /// <summary>Prepares what all grammars of a vocabulary share, so that the first of them does not wait for it.</summary>
    public static void Prepare(Tokenizer tokenizer)
    {
        var trie = TokenTrie.Of(tokenizer);
        foreach (var text in new[] { JsonStringAutomaton.Free, JsonStringAutomaton.Canonical })
        {
            trie.Mask(text, JsonStringAutomaton.Inside, 0);
            for (var child = 1; child < trie.Values.Length; child += trie.Sizes[child])
            {
                if (text.Step(JsonStringAutomaton.Inside, trie.Values[child]) is var next and >= 0) trie.Mask(text, next, child);
            }
        }
    }

    /// <summary>Computes a mask ahead; what is wrong with it is found again when it is needed.</summary>
    internal void TryMask(MatchState state)
    {
        try { Mask(state); }
        catch (GrammarException) { }
    }

    internal ulong[] Mask(MatchState state)
    {
        lock (_gate)
        {
            if (state.Mask is { } known) return known;
            var mask = Masks.Build(state);
            state.Mask = mask;
            _kept.Enqueue(state);
            if (_kept.Count > MaxKeptMasks) _kept.Dequeue().Mask = null;
            return mask;
        }
    }

    /// <summary>The tokens that a state leaves no choice about: text, cut as a model would cut it, and the control tokens between.</summary>
    internal int[] Forced(MatchState state, ReadOnlySpan<int> history)
    {
        lock (_gate)
        {
            if (state.MayEnd || _space.Following(state).Length != 1) return [];
            var context = Cutter.Context(history);
            if (_keptForced.TryGetValue((state, context), out var known)) return known;
            if (_keptForced.Count == MaxKeptForced) _keptForced.Clear();
            return _keptForced[(state, context)] = Forced(state, context);
        }
    }

    /// <summary>Cuts forced text into tokens: see <see cref="ForcedTokens.Cut"/>.</summary>
    internal int[] Cut(ReadOnlySpan<int> history, byte[] forced, byte[] following) => Cutter.Cut(Cutter.Context(history), forced, following);

    private int[] Forced(MatchState state, string context)
    {
        List<int> tokens = [];
        for (var at = state; ;)
        {
            List<byte> bytes = [];
            while (!at.MayEnd && bytes.Count < MaxForcedBytes && _space.Following(at) is [< ControlBytes.Lowest and var only])
            {
                bytes.Add(only);
                at = _space.Step(at, only)!;
            }
            var control = at.MayEnd ? null : ControlToken(ref at);
            var text = Cutter.Cut(context, [.. bytes], control is null ? _space.Following(at) : []);
            tokens.AddRange(text);
            if (control is not { } token || text.Sum(id => BytesOf(id).Length) < bytes.Count) return [.. tokens];
            tokens.Add(token);
            context = "";
        }
    }

    /// <summary>The control token that must come, if it is one; the state is then the one after it.</summary>
    private int? ControlToken(ref MatchState state)
    {
        List<byte> code = [];
        var at = state;
        while (code.Count < ControlBytes.Length && _space.Following(at) is [>= ControlBytes.Lowest and var only])
        {
            code.Add(only);
            at = _space.Step(at, only)!;
        }
        if (code.Count < ControlBytes.Length) return null;
        state = at;
        return ControlBytes.Token([.. code]);
    }

    /// <summary>The state of a frame that is made for it.</summary>
    internal MatchState At(Func<StateSpace, Frame> frame)
    {
        lock (_gate) return _space.State([frame(_space)]);
    }

    internal MatchState? After(MatchState state, int token) => BytesOf(token) is { Length: > 0 } bytes ? After(state, bytes.Span) : null;

    internal MatchState? After(MatchState state, ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            MatchState? next = state;
            foreach (var value in bytes)
            {
                next = _space.Step(next, value);
                if (next is null) break;
            }
            return next;
        }
    }

    /// <summary>What a token stands for, control tokens included: see <see cref="ControlBytes"/>.</summary>
    internal ReadOnlyMemory<byte> BytesOf(int token) => ControlBytes.Of(_tokenizer, token);

    internal bool Ends(int token) => _tokenizer.EndTokens.Contains(token);

    private static RootNode Choices(IReadOnlyList<string> choices)
    {
        if (choices.Count == 0 || choices.Any(string.IsNullOrEmpty)) throw new GrammarException("Choices: give at least one, and none of them empty.");
        return Root(new LiteralAutomaton(choices.Select(Encoding.UTF8.GetBytes)));
    }

    private static RootNode Regex(string pattern)
    {
        var matcher = PatternParser.Parse(pattern, "Regular expression", whole: true);
        return matcher.Start < 0 ? throw new GrammarException("Regular expression: nothing can match it.") : Root(new PatternAutomaton(matcher, raw: true));
    }

    private static RootNode Root(ByteAutomaton automaton) => new(new LexemeNode(automaton) { IsPossible = true });
}
