using System.Runtime.CompilerServices;

namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>Finds which nodes have finite values, by repeating until nothing changes, and leaves out the others.</summary>
internal static class Productivity
{
    public static void Apply(IReadOnlyList<Node> nodes)
    {
        for (var changed = true; changed;)
        {
            changed = false;
            for (var i = nodes.Count - 1; i >= 0; i--)
            {
                if (nodes[i].IsPossible || !nodes[i].Check()) continue;
                nodes[i].IsPossible = changed = true;
            }
        }
        foreach (var node in nodes) node.Prune();
        HashSet<Node> open = [], done = [];
        foreach (var node in nodes) Unroll(node, open, done);
    }

    /// <summary>An alternative that is the choice itself adds nothing to it.</summary>
    private static void Unroll(Node node, HashSet<Node> open, HashSet<Node> done)
    {
        if (node is not UnionNode union || !done.Add(node)) return;
        RuntimeHelpers.EnsureSufficientExecutionStack();
        open.Add(node);
        union.Alternatives.RemoveAll(open.Contains);
        foreach (var alternative in union.Alternatives) Unroll(alternative, open, done);
        open.Remove(node);
    }
}
