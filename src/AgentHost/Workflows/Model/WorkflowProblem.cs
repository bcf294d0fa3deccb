namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary>One thing that is wrong with a workflow.</summary>
/// <param name="File">The file, as it was named.</param>
/// <param name="Mark">Where.</param>
/// <param name="Message">What is wrong, what was expected, and what may have been meant.</param>
public sealed record WorkflowProblem(string File, Mark Mark, string Message)
{
    /// <summary><c>file:line:column: message</c>.</summary>
    public override string ToString() => $"{File}:{Mark}: {Message}";
}
