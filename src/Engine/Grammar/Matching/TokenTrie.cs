using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using AgentRuntime.Engine.Grammar.Automata;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>The bytes of a vocabulary's tokens, see <see cref="ControlBytes"/>, as a tree in preorder: a node's subtree follows it. Node 0 is the root.</summary>
internal sealed class TokenTrie
{
    private const int MaxTokenBytes = 256;
    private static readonly ConditionalWeakTable<Tokenizer, Lazy<TokenTrie>> Tries = [];

    private readonly ConcurrentDictionary<(ByteAutomaton, int, int), LexemeMask> _masks = [];

    private readonly int[] _roots = new int[256];

    private TokenTrie(Tokenizer tokenizer)
    {
        VocabularySize = tokenizer.VocabularySize;
        EndTokens = [.. tokenizer.EndTokens];
        List<(byte[] Bytes, int Token)> tokens = [];
        for (var token = 0; token < VocabularySize; token++)
        {
            var bytes = ControlBytes.Of(tokenizer, token);
            if (bytes.Length is > 0 and <= MaxTokenBytes) tokens.Add((bytes.ToArray(), token));
        }
        LongestToken = tokens.Count == 0 ? 0 : tokens.Max(token => token.Bytes.Length);
        tokens.Sort((a, b) => a.Bytes.AsSpan().SequenceCompareTo(b.Bytes));

        List<byte> values = [0];
        List<int> sizes = [0];
        List<(int Node, int Token)> ends = [];
        var path = new int[MaxTokenBytes + 1];
        byte[] previous = [];
        foreach (var (bytes, token) in tokens)
        {
            var common = bytes.AsSpan().CommonPrefixLength(previous);
            for (var depth = previous.Length; depth > common; depth--) sizes[path[depth]] = values.Count - path[depth];
            for (var depth = common; depth < bytes.Length; depth++)
            {
                path[depth + 1] = values.Count;
                values.Add(bytes[depth]);
                sizes.Add(0);
            }
            ends.Add((values.Count - 1, token));
            previous = bytes;
        }
        for (var depth = previous.Length; depth >= 0; depth--) sizes[path[depth]] = values.Count - path[depth];
        (Values, Sizes) = ([.. values], [.. sizes]);
        (Classes, Heights) = (new ulong[Values.Length], new int[Values.Length]);
        for (var node = Values.Length - 1; node >= 0; node--)
        {
            var end = node + Sizes[node];
            for (var child = node + 1; child < end; child += Sizes[child])
            {
                Classes[node] |= Classes[child] | ByteClasses.Of(Values[child]);
                Heights[node] = Math.Max(Heights[node], Heights[child] + 1);
                if (node == 0) _roots[Values[child]] = child;
            }
        }
        FirstToken = new int[Values.Length + 1];
        foreach (var (node, _) in ends) FirstToken[node + 1]++;
        for (var i = 0; i < Values.Length; i++) FirstToken[i + 1] += FirstToken[i];
        Tokens = [.. ends.Select(end => end.Token)];
    }

    public int VocabularySize { get; }

    /// <summary>Bytes of the longest token.</summary>
    public int LongestToken { get; }

    public int[] EndTokens { get; }

    /// <summary>A node's byte.</summary>
    public byte[] Values { get; }

    /// <summary>The classes of all bytes below a node, see <see cref="ByteClasses"/>.</summary>
    public ulong[] Classes { get; }

    /// <summary>Bytes of the longest way down from a node.</summary>
    public int[] Heights { get; }

    /// <summary>How many nodes its subtree has, itself included.</summary>
    public int[] Sizes { get; }

    /// <summary>Where a node's tokens start in <see cref="Tokens"/>; they end where the next node's start.</summary>
    public int[] FirstToken { get; }

    public int[] Tokens { get; }

    /// <summary>The tree of a tokenizer; made once.</summary>
    public static TokenTrie Of(Tokenizer tokenizer) => Tries.GetValue(tokenizer, static t => new(() => new(t))).Value;

    /// <summary>The child of a node by its byte, or -1.</summary>
    public int Child(int node, byte value)
    {
        if (node == 0) return _roots[value] == 0 ? -1 : _roots[value];
        var end = node + Sizes[node];
        for (var child = node + 1; child < end; child += Sizes[child])
        {
            if (Values[child] == value) return child;
        }
        return -1;
    }

    /// <summary>The bytes that lead to a node.</summary>
    public byte[] PathTo(int node)
    {
        List<byte> path = [];
        for (var at = 0; at != node;)
        {
            var child = at + 1;
            while (child + Sizes[child] <= node) child += Sizes[child];
            path.Add(Values[child]);
            at = child;
        }
        return [.. path];
    }

    /// <summary>The mask of a shared automaton's state over the subtree of a node; made once.</summary>
    public LexemeMask Mask(ByteAutomaton automaton, int state, int node) =>
        _masks.GetOrAdd((automaton, state, node), static (key, trie) => new LexemeMask(trie, key.Item1, key.Item2, key.Item3), this);
}
