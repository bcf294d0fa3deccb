using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>
/// What an automaton's state allows below a node of the token tree, whatever stands around the lexical piece: the tokens
/// that end within the piece, and the nodes at which the piece may end although tokens go on.
/// </summary>
internal sealed class LexemeMask
{
    /// <summary>Subtrees smaller than this are walked, larger ones taken from what is shared.</summary>
    public const int WorthSharing = 32;

    /// <summary>Masks with more tokens than this are kept as bits.</summary>
    private const int MaxListed = 1024;

    [ThreadStatic]
    private static Stack<ulong[]>? _scratch;

    private readonly ulong[]? _bits;
    private readonly int[] _tokens;
    private (byte Value, int[] Nodes)[]? _tails;

    public LexemeMask(TokenTrie trie, ByteAutomaton automaton, int state, int node)
    {
        List<int> exits = [];
        var words = (trie.VocabularySize + 63) / 64;
        var free = _scratch ??= [];
        var bits = free.TryPop(out var used) && used.Length == words ? used : new ulong[words];
        Walk(trie, automaton, state, node, bits, exits);
        Exits = [.. exits];
        var count = 0;
        foreach (var word in bits) count += BitOperations.PopCount(word);
        if (count > MaxListed)
        {
            (_bits, _tokens) = (bits, []);
            return;
        }
        _tokens = new int[count];
        var next = 0;
        for (var i = 0; i < bits.Length; i++)
        {
            for (var word = bits[i]; word != 0; word &= word - 1) _tokens[next++] = i * 64 + BitOperations.TrailingZeroCount(word);
        }
        Array.Clear(bits);
        free.Push(bits);
    }

    /// <summary>Nodes, with children, at which the piece may end.</summary>
    public int[] Exits { get; }

    /// <summary>The children of <see cref="Exits"/> by their byte.</summary>
    public (byte Value, int[] Nodes)[] Tails(TokenTrie trie)
    {
        if (_tails is { } known) return known;
        var byValue = new SortedDictionary<byte, List<int>>();
        foreach (var exit in Exits)
        {
            var end = exit + trie.Sizes[exit];
            for (var child = exit + 1; child < end; child += trie.Sizes[child])
            {
                if (!byValue.TryGetValue(trie.Values[child], out var nodes)) byValue[trie.Values[child]] = nodes = [];
                nodes.Add(child);
            }
        }
        return _tails = [.. byValue.Select(entry => (entry.Key, entry.Value.ToArray()))];
    }

    /// <summary>Adds the tokens that end within the piece.</summary>
    public void AddTo(ulong[] mask)
    {
        if (_bits is not null) Or(mask, _bits);
        foreach (var token in _tokens) mask[token >> 6] |= 1UL << token;
    }

    /// <summary>Adds the tokens of one mask to another of the same length.</summary>
    public static void Or(ulong[] mask, ulong[] more)
    {
        var to = MemoryMarshal.Cast<ulong, Vector<ulong>>(mask.AsSpan());
        var from = MemoryMarshal.Cast<ulong, Vector<ulong>>(more.AsSpan());
        for (var i = 0; i < to.Length; i++) to[i] |= from[i];
        for (var i = to.Length * Vector<ulong>.Count; i < mask.Length; i++) mask[i] |= more[i];
    }

    /// <summary>Adds the tokens below a node that end within the piece, and the nodes at which it may end.</summary>
    // What a profile learns from one automaton makes this several times slower with the next.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Walk(TokenTrie trie, ByteAutomaton automaton, int state, int node, ulong[] bits, List<int> exits)
    {
        var end = node + trie.Sizes[node];
        for (var child = node + 1; child < end; child += trie.Sizes[child])
        {
            var next = automaton.Step(state, trie.Values[child]);
            if (next < 0) continue;
            for (var i = trie.FirstToken[child]; i < trie.FirstToken[child + 1]; i++) bits[trie.Tokens[i] >> 6] |= 1UL << trie.Tokens[i];
            if (trie.Sizes[child] == 1) continue;
            if (automaton.Accepts(next)) exits.Add(child);
            if (!automaton.Continues(next)) continue;
            var (simpler, same) = automaton.Simplify(next);
            if (trie.Sizes[child] >= WorthSharing && simpler.Resembles(same, trie.Classes[child], trie.Heights[child]) is ({ } alike, var alikeState)) (simpler, same) = (alike, alikeState);
            if (simpler == automaton || !simpler.IsShared || trie.Sizes[child] < WorthSharing)
            {
                Walk(trie, simpler, same, child, bits, exits);
                continue;
            }
            var part = trie.Mask(simpler, same, child);
            part.AddTo(bits);
            exits.AddRange(part.Exits);
        }
    }
}
