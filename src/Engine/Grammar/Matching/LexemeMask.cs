using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>
/// What an automaton's state allows below a node of the token tree, whatever stands around the lexical piece: the tokens
/// that end within the piece, and the nodes at which the piece may end although tokens go on.
/// </summary>
internal sealed class LexemeMask
{
    private readonly ulong[]? _bits;
    private readonly int[] _tokens;

    public LexemeMask(TokenTrie trie, ByteAutomaton automaton, int state, int node)
    {
        List<int> tokens = [], exits = [];
        Walk(trie, automaton, state, node, tokens, exits);
        Exits = [.. exits];
        _tokens = [.. tokens];
        if (_tokens.Length < 1024) return;
        _bits = new ulong[(trie.VocabularySize + 63) / 64];
        foreach (var token in _tokens) _bits[token >> 6] |= 1UL << token;
        _tokens = [];
    }

    /// <summary>Nodes, with children, at which the piece may end.</summary>
    public int[] Exits { get; }

    /// <summary>Adds the tokens that end within the piece.</summary>
    public void AddTo(ulong[] mask)
    {
        if (_bits is not null)
        {
            for (var i = 0; i < mask.Length; i++) mask[i] |= _bits[i];
        }
        foreach (var token in _tokens) mask[token >> 6] |= 1UL << token;
    }

    private static void Walk(TokenTrie trie, ByteAutomaton automaton, int state, int node, List<int> tokens, List<int> exits)
    {
        var end = node + trie.Sizes[node];
        for (var child = node + 1; child < end; child += trie.Sizes[child])
        {
            var next = automaton.Step(state, trie.Values[child]);
            if (next < 0) continue;
            for (var i = trie.FirstToken[child]; i < trie.FirstToken[child + 1]; i++) tokens.Add(trie.Tokens[i]);
            if (trie.Sizes[child] == 1) continue;
            if (automaton.Accepts(next)) exits.Add(child);
            if (automaton.Continues(next)) Walk(trie, automaton, next, child, tokens, exits);
        }
    }
}
