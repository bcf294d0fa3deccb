namespace AgentRuntime.AgentHost.Events;

/// <summary>A tool call is about to run; it is in the journal already.</summary>
/// <param name="Run">Id of the run.</param>
/// <param name="Step">Number of the step.</param>
/// <param name="Call">Id of the call.</param>
/// <param name="Name">Name of the tool as the model wrote it.</param>
/// <param name="Arguments">The arguments as JSON text.</param>
public sealed record ToolStarted(string Run, int Step, string Call, string Name, string Arguments) : AgentEvent(Run);
