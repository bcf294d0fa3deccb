namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>Finds marks in a stream of bytes, also where one begins inside another: the automaton of Aho and Corasick (1975). Node 0 is the start.</summary>
internal sealed class MarkFinder
{
    private readonly List<int[]> _next = [Row()];
    private readonly List<int> _depth = [0];
    private readonly List<int> _found = [-1];

    public MarkFinder(IReadOnlyList<byte[]> marks)
    {
        for (var mark = 0; mark < marks.Count; mark++)
        {
            var node = 0;
            foreach (var value in marks[mark])
            {
                if (_next[node][value] < 0)
                {
                    _next[node][value] = _next.Count;
                    _next.Add(Row());
                    _depth.Add(_depth[node] + 1);
                    _found.Add(-1);
                }
                node = _next[node][value];
            }
            if (_found[node] < 0) _found[node] = mark;
        }
        Complete();
    }

    /// <summary>The node after a byte.</summary>
    public int Step(int node, byte value) => _next[node][value];

    /// <summary>The longest mark that ends in a node, or -1.</summary>
    public int Found(int node) => _found[node];

    /// <summary>How many of the last bytes may be the beginning of a mark.</summary>
    public int Depth(int node) => _depth[node];

    /// <summary>Where a mark does not go on, what could begin later within it does; level by level, so that shorter ones are ready.</summary>
    private void Complete()
    {
        var fallback = new int[_next.Count];
        var work = new Queue<int>([0]);
        while (work.TryDequeue(out var node))
        {
            if (_found[node] < 0) _found[node] = node == 0 ? -1 : _found[fallback[node]];
            for (var value = 0; value < 256; value++)
            {
                var other = node == 0 ? 0 : _next[fallback[node]][value];
                var child = _next[node][value];
                if (child < 0)
                {
                    _next[node][value] = other;
                    continue;
                }
                fallback[child] = other;
                work.Enqueue(child);
            }
        }
    }

    private static int[] Row()
    {
        var row = new int[256];
        Array.Fill(row, -1);
        return row;
    }
}
