namespace AgentRuntime.AgentHost.Workflows.Events;

/// <summary>An attempt of a step failed, and another one follows.</summary>
/// <param name="Run">Id of the run.</param>
/// <param name="Step">The step.</param>
/// <param name="Attempt">Number of the attempt that failed, from 1.</param>
/// <param name="DelayMs">Time until the next one, in milliseconds.</param>
/// <param name="Error">Why it failed.</param>
public sealed record WorkflowStepRetrying(string Run, string Step, int Attempt, double DelayMs, string Error) : WorkflowEvent(Run);
