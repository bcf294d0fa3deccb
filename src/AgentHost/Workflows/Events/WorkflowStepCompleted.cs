using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Workflows.Running;

namespace AgentRuntime.AgentHost.Workflows.Events;

/// <summary>A step, or one item of its <c>foreach</c>, ended; for a <c>foreach</c> also the step as a whole.</summary>
/// <param name="Run">Id of the run.</param>
/// <param name="Step">The step.</param>
/// <param name="Outcome"><c>success</c>, <c>failure</c> or <c>skipped</c>.</param>
/// <param name="Recorded">Whether the outcome is that of an earlier process of this run, and nothing ran.</param>
/// <param name="StartMs">When it began, in milliseconds since this process's part of the run.</param>
/// <param name="DurationMs">How long it took, in milliseconds.</param>
/// <param name="Items">Number of items of a <c>foreach</c>; null for what is none.</param>
/// <param name="Cost">What its models cost; null when it used none.</param>
/// <param name="Outputs">What other steps see; null when it has not succeeded.</param>
/// <param name="Message">Why it failed or was skipped.</param>
public sealed record WorkflowStepCompleted(
    string Run, string Step, string Outcome, bool Recorded, double StartMs, double DurationMs, int? Items, StepCost? Cost, JsonObject? Outputs, string? Message)
    : WorkflowEvent(Run);
