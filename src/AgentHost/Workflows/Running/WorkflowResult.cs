using System.Text.Json.Nodes;

namespace AgentRuntime.AgentHost.Workflows.Running;

/// <summary>How a run of a workflow ended.</summary>
/// <param name="Run">Id of the run.</param>
/// <param name="Status"><see cref="RunStatus.Completed"/>, <see cref="RunStatus.Failed"/> or <see cref="RunStatus.Cancelled"/>.</param>
/// <param name="Outputs">The workflow's outputs; those that need a failed step are null.</param>
/// <param name="Failed">The steps that failed and were not allowed to.</param>
/// <param name="Cost">What its models cost in this process.</param>
public sealed record WorkflowResult(string Run, RunStatus Status, JsonObject Outputs, IReadOnlyList<string> Failed, StepCost Cost);
