namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary>A place in a workflow's file.</summary>
/// <param name="Line">Line, from 1.</param>
/// <param name="Column">Column in UTF-16 units, from 1.</param>
public readonly record struct Mark(int Line, int Column)
{
    /// <summary>The beginning of the file.</summary>
    public static Mark Start => new(1, 1);

    /// <summary><c>line:column</c>.</summary>
    public override string ToString() => $"{Line}:{Column}";
}
