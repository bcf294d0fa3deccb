namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary>A list.</summary>
/// <param name="Items">Its entries.</param>
/// <param name="Mark">Where it is written.</param>
public sealed record ListValue(IReadOnlyList<WorkflowValue> Items, Mark Mark) : WorkflowValue(Mark);
