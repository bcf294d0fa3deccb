using AgentRuntime.Tools.Approval;

namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary><c>agent</c>: a whole agent loop. Outputs: <c>text</c>, its answer, and <c>steps</c>, its number of steps.</summary>
/// <param name="Task">What it is to do: text.</param>
/// <param name="Mark">Where it is written.</param>
public sealed record AgentAction(WorkflowValue Task, Mark Mark) : StepAction(Mark)
{
    /// <inheritdoc/>
    public override string Key => "agent";

    /// <summary>Its tools: names of built-in tools, <c>mcp:SERVER/TOOL</c> or <c>mcp:SERVER/*</c>; null for all built-in ones.</summary>
    public IReadOnlyList<NameReference>? Tools { get; init; }

    /// <summary>Most steps; null for the runner's own limit.</summary>
    public int? MaxSteps { get; init; }

    /// <summary>Most tokens in its conversation; null for what the model holds.</summary>
    public int? TokenBudget { get; init; }

    /// <summary>Who decides about its edits and commands; null for whoever does for the workflow. It cannot allow more than the workflow's.</summary>
    public ApprovalMode? Approval { get; init; }

    /// <summary>Most tokens of a reply; null for the runner's own limit.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Temperature of the sampler, 0 to 10; null for the runner's own.</summary>
    public double? Temperature { get; init; }
}
