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
    }
}
