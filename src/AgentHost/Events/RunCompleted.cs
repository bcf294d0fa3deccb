namespace AgentRuntime.AgentHost.Events;

/// <summary>The run ended with an answer.</summary>
/// <param name="Run">Id of the run.</param>
/// <param name="Status">Always <c>completed</c>.</param>
/// <param name="Steps">Steps taken in all.</param>
/// <param name="TotalMs">Wall time of this process's part of the run, in milliseconds.</param>
/// <param name="Answer">The model's last reply.</param>
/// <param name="Totals">What the run cost.</param>
public sealed record RunCompleted(string Run, string Status, int Steps, double TotalMs, string Answer, RunTotals Totals) : AgentEvent(Run);
