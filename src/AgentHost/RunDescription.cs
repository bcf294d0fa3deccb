namespace AgentRuntime.AgentHost;

/// <summary>What a run is about.</summary>
/// <param name="Task">The task.</param>
/// <param name="Repository">Full path of the repository.</param>
/// <param name="Model">The model's name or path.</param>
public sealed record RunDescription(string Task, string Repository, string Model);
