namespace AgentRuntime.AgentHost.Workflows.Events;

/// <summary>A run began, or began again.</summary>
/// <param name="Run">Id of the run.</param>
/// <param name="Name">The workflow's name.</param>
/// <param name="File">Full path of its file.</param>
/// <param name="Steps">Ids of its steps in the order in which they may run.</param>
/// <param name="Resumed">Whether it goes on with a recorded run.</param>
public sealed record WorkflowStarted(string Run, string Name, string File, IReadOnlyList<string> Steps, bool Resumed) : WorkflowEvent(Run);
