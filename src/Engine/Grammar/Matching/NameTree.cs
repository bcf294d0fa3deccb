using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>The declared names of an object with their quotes, as a tree of their bytes. Node 0 is the root.</summary>
internal sealed class NameTree
{
    /// <summary>The property of a node that ends no name.</summary>
    public const int None = -1;

    private readonly List<Node> _nodes = [new([], None, 0, new(0, 0))];

    public NameTree(IReadOnlyList<byte[]> names)
    {
        Order = [.. Enumerable.Range(0, names.Count)];
        Array.Sort(Order, (a, b) => names[a].AsSpan().SequenceCompareTo(names[b]));
        for (var place = 0; place < Order.Length; place++) Add(names[Order[place]], place);
    }

    /// <summary>The properties in the order of their names.</summary>
    public int[] Order { get; }

    public IReadOnlyList<(byte Value, int Node)> Children(int node) => _nodes[node].Children;

    /// <summary>The property whose name ends at a node, or <see cref="None"/>.</summary>
    public int Property(int node) => _nodes[node].Property;

    /// <summary>The state of the canonical string at a node.</summary>
    public int Text(int node) => _nodes[node].Text;

    /// <summary>The names below a node: first and last + 1 in <see cref="Order"/>.</summary>
    public (int First, int End) Names(int node) => _nodes[node].Names;

    /// <summary>The child of a node by its byte, or -1.</summary>
    public int Child(int node, byte value)
    {
        foreach (var (child, next) in _nodes[node].Children)
        {
            if (child == value) return next;
        }
        return -1;
    }

    /// <summary>For each place in <see cref="Order"/>, and the one after the last, how many of the properties before it satisfy a condition.</summary>
    public int[] CountBefore(Func<int, bool> condition)
    {
        var before = new int[Order.Length + 1];
        for (var place = 0; place < Order.Length; place++) before[place + 1] = before[place] + (condition(Order[place]) ? 1 : 0);
        return before;
    }

    private void Add(byte[] name, int place)
    {
        var at = 0;
        for (var i = 0; i < name.Length; i++)
        {
            _nodes[at] = _nodes[at] with { Names = (_nodes[at].Names.First, place + 1) };
            var next = Child(at, name[i]);
            if (next < 0)
            {
                next = _nodes.Count;
                _nodes[at].Children.Add((name[i], next));
                var last = i == name.Length - 1;
                _nodes.Add(new([], last ? Order[place] : None, JsonStringAutomaton.Canonical.Step(_nodes[at].Text, name[i]), (place, place + 1)));
            }
            at = next;
        }
    }

    private readonly record struct Node(List<(byte Value, int Node)> Children, int Property, int Text, (int First, int End) Names);
}
