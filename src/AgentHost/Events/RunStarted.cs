namespace AgentRuntime.AgentHost.Events;

/// <summary>A run began, or began again.</summary>
/// <param name="Run">Id of the run.</param>
/// <param name="Task">The task's text.</param>
/// <param name="Repository">Full path of the repository.</param>
/// <param name="Model">The model's name.</param>
/// <param name="Resumed">Whether it continues a recorded run.</param>
public sealed record RunStarted(string Run, string Task, string Repository, string Model, bool Resumed) : AgentEvent(Run);
