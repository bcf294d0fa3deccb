namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary>An entry of a map.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Mark">Where the name is written.</param>
/// <param name="Value">Its value.</param>
public sealed record NamedValue(string Name, Mark Mark, WorkflowValue Value);
