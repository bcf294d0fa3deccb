namespace AgentRuntime.AgentHost.Workflows.Events;

/// <summary>A step, or one item of its <c>foreach</c>, is about to run.</summary>
/// <param name="Run">Id of the run.</param>
/// <param name="Step">What runs: <c>build</c>, <c>triage[3]</c>, <c>release/notes</c>.</param>
/// <param name="Kind"><c>uses</c>, <c>run</c>, <c>prompt</c> or <c>agent</c>.</param>
/// <param name="Title">Its name for people.</param>
public sealed record WorkflowStepStarted(string Run, string Step, string Kind, string Title) : WorkflowEvent(Run);
