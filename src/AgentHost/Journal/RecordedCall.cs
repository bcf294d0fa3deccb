namespace AgentRuntime.AgentHost.Journal;

/// <summary>A tool call as recorded: before it started, and once it ended.</summary>
/// <param name="Step">Number of its step.</param>
/// <param name="Ordinal">Its place among the step's calls, from 0.</param>
/// <param name="Id">Id of the call.</param>
/// <param name="Name">Name of the tool.</param>
/// <param name="Arguments">Arguments as JSON text.</param>
/// <param name="Effect">For a call that changes one file: what it was about to do, so that a resumed run can tell whether it did.</param>
/// <param name="Result">The result that the model sees, or null when the call never ended.</param>
/// <param name="Ok">False when the result is an error.</param>
/// <param name="DurationMs">How long it took, in milliseconds.</param>
public sealed record RecordedCall(
    int Step, int Ordinal, string Id, string Name, string Arguments, FileEffect? Effect, string? Result, bool Ok, double DurationMs);
