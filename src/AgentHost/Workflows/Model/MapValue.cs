namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary>A map.</summary>
/// <param name="Entries">Its entries in the order of the file; no name twice.</param>
/// <param name="Mark">Where it is written.</param>
public sealed record MapValue(IReadOnlyList<NamedValue> Entries, Mark Mark) : WorkflowValue(Mark)
{
    /// <summary>A map without entries.</summary>
    public static MapValue Empty(Mark mark) => new([], mark);

    /// <summary>The value of a name, or null.</summary>
    public WorkflowValue? Find(string name) => Entries.FirstOrDefault(e => e.Name == name)?.Value;
}
