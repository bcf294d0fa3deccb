namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary>A name of something that is defined elsewhere, such as a step in <c>needs</c>.</summary>
/// <param name="Name">The name.</param>
/// <param name="Mark">Where it is written.</param>
public sealed record NameReference(string Name, Mark Mark);
