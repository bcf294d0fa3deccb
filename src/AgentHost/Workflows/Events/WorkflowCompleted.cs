using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Workflows.Running;

namespace AgentRuntime.AgentHost.Workflows.Events;

/// <summary>The run ended and no step failed that was not allowed to.</summary>
/// <param name="Run">Id of the run.</param>
/// <param name="TotalMs">Wall time of this process's part of the run, in milliseconds.</param>
/// <param name="Cost">What its models cost in this process.</param>
/// <param name="Outputs">The workflow's outputs.</param>
public sealed record WorkflowCompleted(string Run, double TotalMs, StepCost Cost, JsonObject Outputs) : WorkflowEvent(Run);
