namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary><c>run</c>: a shell command; it fails when its exit code is not 0. Outputs: <c>text</c> and <c>exit-code</c>.</summary>
/// <param name="Command">The command: text.</param>
/// <param name="Mark">Where it is written.</param>
public sealed record RunAction(WorkflowValue Command, Mark Mark) : StepAction(Mark)
{
    /// <inheritdoc/>
    public override string Key => "run";
}
