using System.Text.Json.Serialization;

namespace AgentRuntime.AgentHost.Events;

/// <summary>
/// Something that happened in a run. As JSON (see <see cref="AgentEventJson"/>) each is one object whose <c>type</c>
/// names the kind and whose <c>run</c> names the run.
/// </summary>
/// <param name="Run">Id of the run.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(RunStarted), "run.started")]
[JsonDerivedType(typeof(StepStarted), "step.started")]
[JsonDerivedType(typeof(MessageDelta), "message.delta")]
[JsonDerivedType(typeof(ToolStarted), "tool.started")]
[JsonDerivedType(typeof(ToolOutput), "tool.output")]
[JsonDerivedType(typeof(ToolCompleted), "tool.completed")]
[JsonDerivedType(typeof(StepCompleted), "step.completed")]
[JsonDerivedType(typeof(RunCompleted), "run.completed")]
[JsonDerivedType(typeof(RunFailed), "run.failed")]
public abstract record AgentEvent(string Run);
