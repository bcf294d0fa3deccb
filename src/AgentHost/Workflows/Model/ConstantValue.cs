using System.Text.Json.Nodes;

namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary>A scalar without expressions.</summary>
/// <param name="Value">The string, number, boolean or null. Shared: clone it before it becomes part of something else.</param>
/// <param name="Mark">Where it is written.</param>
public sealed record ConstantValue(JsonNode? Value, Mark Mark) : WorkflowValue(Mark);
