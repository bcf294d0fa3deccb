using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Workflows.Validation;

/// <summary>A workflow that was checked, with the workflows that it calls.</summary>
/// <param name="Workflow">The workflow.</param>
/// <param name="Called">The workflows that its steps call, by the step's id.</param>
/// <param name="Outputs">The types of its outputs.</param>
public sealed record LoadedWorkflow(
    Workflow Workflow, IReadOnlyDictionary<string, LoadedWorkflow> Called, IReadOnlyDictionary<string, ExpressionType> Outputs)
{
    /// <summary>This workflow and all that it calls, each file once.</summary>
    public IEnumerable<Workflow> All => Called.Values.SelectMany(c => c.All).Prepend(Workflow).DistinctBy(w => w.File);
}
