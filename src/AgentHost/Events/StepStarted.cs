namespace AgentRuntime.AgentHost.Events;

/// <summary>The model is asked for its next reply.</summary>
/// <param name="Run">Id of the run.</param>
/// <param name="Step">Number of the step, from 1.</param>
public sealed record StepStarted(string Run, int Step) : AgentEvent(Run);
