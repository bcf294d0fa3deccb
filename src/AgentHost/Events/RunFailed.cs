namespace AgentRuntime.AgentHost.Events;

/// <summary>The run ended without an answer.</summary>
/// <param name="Run">Id of the run.</param>
/// <param name="Status">The <see cref="RunStatus"/> in snake case, for instance <c>step_limit</c>.</param>
/// <param name="Steps">Steps taken in all.</param>
/// <param name="TotalMs">Wall time of this process's part of the run, in milliseconds.</param>
/// <param name="Message">One sentence that says why, and what can be done.</param>
/// <param name="Resumable">Whether <c>runs resume</c> can continue it.</param>
/// <param name="Totals">What the run cost.</param>
public sealed record RunFailed(
    string Run, string Status, int Steps, double TotalMs, string Message, bool Resumable, RunTotals Totals) : AgentEvent(Run);
