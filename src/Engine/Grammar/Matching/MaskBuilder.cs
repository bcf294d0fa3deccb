using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>Computes the tokens that may follow a state.</summary>
internal sealed class MaskBuilder(TokenTrie trie, StateSpace space)
{
    private readonly Dictionary<(ByteAutomaton, int), LexemeMask> _own = [];

    /// <summary>The allowed tokens, a bit each; end tokens when the text is complete.</summary>
    public ulong[] Build(MatchState state)
    {
        var mask = new ulong[(trie.VocabularySize + 63) / 64];
        List<Frame> structure = [];
        foreach (var top in state.Tops)
        {
            // What follows a name depends on the name, so names are taken step by step.
            if (top.Owner is not ByteAutomaton automaton || automaton is KeyAutomaton)
            {
                structure.Add(top);
                continue;
            }
            Add(mask, top, automaton, 0);
            if (automaton.Accepts(top.State)) space.Complete(top, structure);
        }
        if (structure.Count > 0) Walk(mask, space.State(structure), 0);
        if (state.MayEnd)
        {
            foreach (var token in trie.EndTokens) mask[token >> 6] |= 1UL << token;
        }
        return mask;
    }

    private void Add(ulong[] mask, Frame frame, ByteAutomaton automaton, int node)
    {
        var part = automaton.IsShared ? trie.Mask(automaton, frame.State, node) : Own(automaton, frame.State);
        part.AddTo(mask);
        if (part.Exits.Length == 0) return;
        var after = space.State([space.After(frame)]);
        foreach (var exit in part.Exits) Walk(mask, after, exit);
    }

    private LexemeMask Own(ByteAutomaton automaton, int state)
    {
        if (automaton.Resembles(state, trie.LongestToken) is ({ } shared, var same)) return trie.Mask(shared, same, 0);
        if (_own.TryGetValue((automaton, state), out var mask)) return mask;
        // A long generation under counted lengths makes a mask a token.
        if (_own.Count > 1000) _own.Clear();
        return _own[(automaton, state)] = new LexemeMask(trie, automaton, state, 0);
    }

    private void Walk(ulong[] mask, MatchState state, int node)
    {
        var end = node + trie.Sizes[node];
        for (var child = node + 1; child < end; child += trie.Sizes[child])
        {
            if (space.Step(state, trie.Values[child]) is not { } next) continue;
            for (var i = trie.FirstToken[child]; i < trie.FirstToken[child + 1]; i++) mask[trie.Tokens[i] >> 6] |= 1UL << trie.Tokens[i];
            if (trie.Sizes[child] == 1) continue;
            if (next.Tops is [{ Owner: JsonStringAutomaton text } only] && !text.Accepts(only.State)) Add(mask, only, text, child);
            else Walk(mask, next, child);
        }
    }
}
