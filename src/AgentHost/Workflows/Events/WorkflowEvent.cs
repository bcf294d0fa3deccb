using System.Text.Json;
using System.Text.Json.Serialization;
using AgentRuntime.AgentHost.Events;

namespace AgentRuntime.AgentHost.Workflows.Events;

/// <summary>
/// Something that happened in a run of a workflow. As JSON each is one object whose <c>type</c> names the kind and whose
/// <c>run</c> names the run. Secrets are masked.
/// </summary>
/// <param name="Run">Id of the run.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(WorkflowStarted), "workflow.started")]
[JsonDerivedType(typeof(WorkflowStepStarted), "step.started")]
[JsonDerivedType(typeof(WorkflowStepOutput), "step.output")]
[JsonDerivedType(typeof(WorkflowStepRetrying), "step.retrying")]
[JsonDerivedType(typeof(WorkflowStepCompleted), "step.completed")]
[JsonDerivedType(typeof(WorkflowCompleted), "workflow.completed")]
[JsonDerivedType(typeof(WorkflowFailed), "workflow.failed")]
public abstract record WorkflowEvent(string Run)
{
    /// <summary>One line of JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, AgentEventJson.Options);
}
