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
    private readonly MaskBuilder _masks;
    private readonly Queue<MatchState> _kept = [];
    private readonly ForcedTokens _forced;
    private readonly Dictionary<(MatchState, string), int[]> _keptForced = [];

    private TokenGrammar(Tokenizer tokenizer, RootNode root)
    {
        _tokenizer = tokenizer;
        _space = new StateSpace(root);
        _masks = new MaskBuilder(TokenTrie.Of(tokenizer), _space);
        _forced = new ForcedTokens(tokenizer);
    }

    internal MatchState Start => _space.Start;

    /// <summary>Compiles a constraint.</summary>
    /// <exception cref="GrammarException">It is broken, contradicts itself, is too large or needs what is not supported.</exception>
    public static TokenGrammar Compile(Constraint constraint, Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(constraint);
        ArgumentNullException.ThrowIfNull(tokenizer);
        return new TokenGrammar(tokenizer, constraint.Kind switch
        {
            ConstraintKind.Schema => SchemaCompiler.Compile(constraint.Text, constraint.Whitespace),
            ConstraintKind.Choices => Choices(constraint.Alternatives),
            _ => Regex(constraint.Text),
        });
    }

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

    internal ulong[] Mask(MatchState state)
    {
        lock (_gate)
        {
            if (state.Mask is { } known) return known;
            var mask = _masks.Build(state);
            state.Mask = mask;
            _kept.Enqueue(state);
            if (_kept.Count > MaxKeptMasks) _kept.Dequeue().Mask = null;
            return mask;
        }
    }

    /// <summary>The tokens that a state leaves no choice about.</summary>
    internal int[] Forced(MatchState state, ReadOnlySpan<int> history)
    {
        lock (_gate)
        {
            if (state.MayEnd || _space.Following(state).Length != 1) return [];
            var context = _forced.Context(history);
            if (_keptForced.TryGetValue((state, context), out var known)) return known;
            List<byte> bytes = [];
            var at = state;
            while (!at.MayEnd && bytes.Count < MaxForcedBytes && _space.Following(at) is [var only])
            {
                bytes.Add(only);
                at = _space.Step(at, only)!;
            }
            if (_keptForced.Count == MaxKeptForced) _keptForced.Clear();
            return _keptForced[(state, context)] = _forced.Cut(context, [.. bytes], _space.Following(at));
        }
    }

    internal MatchState? After(MatchState state, int token) => After(state, _tokenizer.Bytes(token, special: false).Span);

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
