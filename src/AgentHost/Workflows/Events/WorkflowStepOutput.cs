namespace AgentRuntime.AgentHost.Workflows.Events;

/// <summary>A running step wrote text: a command's output, or a model's reply as it comes.</summary>
/// <param name="Run">Id of the run.</param>
/// <param name="Step">The step.</param>
/// <param name="Text">The text.</param>
public sealed record WorkflowStepOutput(string Run, string Step, string Text) : WorkflowEvent(Run);
