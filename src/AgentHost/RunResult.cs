using AgentRuntime.AgentHost.Events;

namespace AgentRuntime.AgentHost;

/// <summary>How a run ended.</summary>
/// <param name="Run">Id of the run.</param>
/// <param name="Status">Its status.</param>
/// <param name="Steps">Steps taken in all.</param>
/// <param name="Answer">The model's last reply, or the sentence that says why there is none.</param>
/// <param name="Totals">What it cost.</param>
public sealed record RunResult(string Run, RunStatus Status, int Steps, string Answer, RunTotals Totals);
