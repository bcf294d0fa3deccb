namespace AgentRuntime.AgentHost.Events;

/// <summary>A tool call ended and its result is in the journal.</summary>
/// <param name="Run">Id of the run.</param>
/// <param name="Step">Number of the step.</param>
/// <param name="Call">Id of the call.</param>
/// <param name="Name">Name of the tool.</param>
/// <param name="Ok">False when the result is an error.</param>
/// <param name="Result">What the model sees.</param>
/// <param name="Diff">For a changed file, the change as a unified diff.</param>
/// <param name="DurationMs">Time that it took, in milliseconds.</param>
public sealed record ToolCompleted(
    string Run, int Step, string Call, string Name, bool Ok, string Result, string? Diff, double DurationMs) : AgentEvent(Run);
