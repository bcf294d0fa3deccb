namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary>A workflow that cannot be run as it is written. The message has a line for each problem.</summary>
public sealed class WorkflowException : AgentException
{
    /// <summary>Creates the error.</summary>
    /// <param name="problems">What is wrong; at least one.</param>
    public WorkflowException(IReadOnlyList<WorkflowProblem> problems) : base(string.Join('\n', problems)) => Problems = problems;

    /// <summary>What is wrong.</summary>
    public IReadOnlyList<WorkflowProblem> Problems { get; }
}
