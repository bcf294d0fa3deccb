namespace AgentRuntime.AgentHost.Journal;

/// <summary>A step of a workflow, or one item or inner step of it, as recorded.</summary>
/// <param name="Instance">What it is: <c>build</c>, <c>triage[3]</c>, <c>release/notes</c>.</param>
/// <param name="Key">Hash of the step and its resolved inputs: what has another key is another step.</param>
/// <param name="Status"><c>Running</c> (or its process died), <c>Completed</c> or <c>Failed</c>.</param>
/// <param name="Outputs">Its outputs as JSON, when it has completed.</param>
/// <param name="Transcript">What it added to its conversation, as JSON; null when it has none.</param>
/// <param name="AgentRun">Id of the agent's run that it made, if any.</param>
/// <param name="Error">Why it failed.</param>
public sealed record RecordedStep(string Instance, string Key, RunStatus Status, string? Outputs, string? Transcript, string? AgentRun, string? Error);
