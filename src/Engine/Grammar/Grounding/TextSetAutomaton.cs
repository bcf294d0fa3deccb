using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Grounding;

/// <summary>A set of texts known only at run time, in UTF-8: the tree of their beginnings in preorder. Small and quick to make also for many thousands.</summary>
internal sealed class TextSetAutomaton : ByteAutomaton
{
    // A node's subtree follows it: node 0 is the root, and _sizes counts the nodes of a subtree, the node itself included.
    private readonly byte[] _values;
    private readonly int[] _sizes;
    private readonly bool[] _ends;

    /// <param name="texts">The texts; the empty one and repeated ones count for nothing.</param>
    public TextSetAutomaton(IEnumerable<byte[]> texts)
    {
        var sorted = texts.Where(text => text.Length > 0).ToArray();
        Array.Sort(sorted, static (a, b) => a.AsSpan().SequenceCompareTo(b));
        List<byte> values = [0];
        List<int> sizes = [0];
        List<bool> ends = [false];
        List<int> path = [0];
        byte[] previous = [];
        foreach (var text in sorted)
        {
            var common = text.AsSpan().CommonPrefixLength(previous);
            Close(common);
            for (var depth = common; depth < text.Length; depth++)
            {
                path.Add(values.Count);
                values.Add(text[depth]);
                sizes.Add(0);
                ends.Add(false);
            }
            ends[^1] = true;
            previous = text;
        }
        Close(-1);
        (_values, _sizes, _ends) = ([.. values], [.. sizes], [.. ends]);

        void Close(int depth)
        {
            for (; path.Count > depth + 1; path.RemoveAt(path.Count - 1)) sizes[path[^1]] = values.Count - path[^1];
        }
    }

    public override int Start => 0;

    public override int Step(int state, byte value)
    {
        var end = state + _sizes[state];
        for (var child = state + 1; child < end; child += _sizes[child])
        {
            if (_values[child] == value) return child;
        }
        return -1;
    }

    public override bool Accepts(int state) => _ends[state];

    public override bool Continues(int state) => _sizes[state] > 1;
}
