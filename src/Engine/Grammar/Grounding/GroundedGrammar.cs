using AgentRuntime.Engine.Grammar.Automata;
using AgentRuntime.Engine.Grammar.Matching;

namespace AgentRuntime.Engine.Grammar.Grounding;

/// <summary>
/// A grammar of replies whose grounded arguments are held to what exists. It adds no states to the grammar: values are
/// followed beside it. Use it under <see cref="TokenGrammar.Gate"/>.
/// </summary>
internal sealed class GroundedGrammar(TokenGrammar grammar, ToolGrounding grounding)
{
    private const int MaxKept = 4096;

    private readonly Dictionary<MatchState, int[]> _entries = [];

    public TokenGrammar Grammar => grammar;

    public ToolGrounding Grounding => grounding;

    private TokenTrie Trie => grammar.Trie;

    /// <summary>The nodes of the token tree at which a grounded value begins when a state is followed from the root.</summary>
    public int[] Entries(MatchState state)
    {
        if (_entries.TryGetValue(state, out var known)) return known;
        List<int> found = [];
        Find(state, 0, found);
        if (_entries.Count == MaxKept) _entries.Clear();
        return _entries[state] = [.. found];
    }

    /// <summary>Follows one byte beside the grammar.</summary>
    /// <param name="from">The grammar's state before it.</param>
    /// <param name="value">The byte.</param>
    /// <param name="to">The grammar's state after it.</param>
    /// <param name="ground">What is known before it.</param>
    /// <param name="ask">Gives the domain of a parameter.</param>
    /// <param name="next">Receives what is known after it.</param>
    /// <returns>False when no value that exists goes on so.</returns>
    public static bool TryStep(MatchState from, byte value, MatchState to, in Ground ground, Func<ParameterNode, CallInProgress, ValueDomain?> ask, out Ground next)
    {
        next = ground;
        if (ground.Parameter is { } parameter)
        {
            if (ground.Value is not null)
            {
                next = next with { At = ground.Value.Spelling.Step(ground.At, value) };
                if (next.At < 0) return false;
            }
            if (from == to || ParameterOf(to) == parameter)
            {
                next = next with { Written = new(value, ground.Written) };
                return true;
            }
            if (ground.Value?.Spelling.Accepts(next.At) == false) return false;
            next = Ground.Between(ground.Call.With(parameter.Tool, parameter.Name, TextOf(from, value, parameter, ground.Written!)));
        }
        else if (from != to && ParameterOf(to) is { } begun)
        {
            next = Begin(begun, value, to, ground.Call, ask);
            return next.At >= 0;
        }
        if (from != to && IsBetweenCalls(to)) next = next with { Call = next.Call.Next() };
        return true;
    }

    /// <summary>The tool whose arguments are being written, or null.</summary>
    public static string? ToolOf(MatchState state)
    {
        for (var frame = state.Tops[0]; frame is not null; frame = frame.Parent)
        {
            var values = frame.Owner switch { ObjectNode node => node.Values, TaggedArgumentsNode node => node.Values, _ => [] };
            if (values.OfType<ParameterNode>().FirstOrDefault() is { } parameter) return parameter.Tool;
        }
        return null;
    }

    private static Ground Begin(ParameterNode parameter, byte value, MatchState to, CallInProgress call, Func<ParameterNode, CallInProgress, ValueDomain?> ask)
    {
        var begun = new Ground(call, parameter, new(value, null), null, 0);
        // Where the schema allows null or a number beside a text, those are free.
        if ((!parameter.IsRaw && value != '"') || ask(parameter, call) is not { } domain) return begun;
        var held = parameter.IsRaw ? domain.Raw(EndOf(to)) : domain.Json;
        return begun with { Value = held, At = held.Spelling.Step(held.Spelling.Start, value) };
    }

    private static string TextOf(MatchState from, byte last, ParameterNode parameter, WrittenBytes written)
    {
        if (parameter.IsRaw) return Ground.TextOf(new WrittenBytes(last, written).ToArray(), EndOf(from).Length);
        // A number shows only by what follows it that it is over.
        var isText = written.ToArray() is [(byte)'"', ..];
        return Ground.TextOf((isText ? new(last, written) : written).ToArray(), 0);
    }

    private static TaggedTextEnd EndOf(MatchState state) => state.Tops.Select(top => top.Owner).OfType<TaggedTextAutomaton>().First().End;

    private static ParameterNode? ParameterOf(MatchState state) =>
        state.Tops[0] is { Owner: ByteAutomaton, Parent: { Owner: ParameterNode parameter } frame } && ParameterNode.IsInValue(frame) ? parameter : null;

    private static bool IsBetweenCalls(MatchState state) => state.Tops[0] is { Owner: ByteAutomaton, Parent.Owner: ReplyNode };

    private bool IsGrounded(MatchState state) => ParameterOf(state) is { } parameter && grounding.Holds(parameter.Tool, parameter.Name);

    private void Find(MatchState state, int node, List<int> found)
    {
        // What is within a text is known already; only where the text may end can anything begin.
        if (state.Tops is [{ Owner: JsonStringAutomaton text } top] && !text.Accepts(top.State))
        {
            var after = grammar.Space.State([grammar.Space.After(top)]);
            foreach (var exit in Trie.Mask(text, top.State, node).Exits) Find(after, exit, found);
            return;
        }
        var end = node + Trie.Sizes[node];
        for (var child = node + 1; child < end; child += Trie.Sizes[child])
        {
            if (grammar.Space.Step(state, Trie.Values[child]) is not { } next) continue;
            if (IsGrounded(next) && ParameterOf(state) is null) found.Add(child);
            else if (Trie.Sizes[child] > 1) Find(next, child, found);
        }
    }
}
