using AgentRuntime.AgentHost.Workflows.Running;

namespace AgentRuntime.AgentHost.Workflows.Events;

/// <summary>The run ended with failed steps, or was stopped. It can be resumed.</summary>
/// <param name="Run">Id of the run.</param>
/// <param name="Status"><c>failed</c> or <c>cancelled</c>.</param>
/// <param name="TotalMs">Wall time of this process's part of the run, in milliseconds.</param>
/// <param name="Cost">What its models cost in this process.</param>
/// <param name="Failed">The steps that failed.</param>
/// <param name="Message">One sentence.</param>
public sealed record WorkflowFailed(string Run, string Status, double TotalMs, StepCost Cost, IReadOnlyList<string> Failed, string Message) : WorkflowEvent(Run);
