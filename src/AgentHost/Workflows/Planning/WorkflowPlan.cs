using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.AgentHost.Workflows.Validation;

namespace AgentRuntime.AgentHost.Workflows.Planning;

/// <summary>What a workflow would do, without doing it.</summary>
/// <param name="Workflow">The workflow.</param>
/// <param name="Groups">The steps in the order of running; those of a group may run at the same time.</param>
/// <param name="MissingInputs">Inputs that have to be given before it can run.</param>
/// <param name="Secrets">Names of the secrets that it and the workflows that it calls take from the environment.</param>
public sealed record WorkflowPlan(
    Workflow Workflow, IReadOnlyList<IReadOnlyList<PlannedStep>> Groups, IReadOnlyList<string> MissingInputs, IReadOnlyList<string> Secrets)
{
    /// <summary>Makes the plan of a checked workflow.</summary>
    /// <param name="loaded">The workflow.</param>
    /// <param name="inputs">Values of the inputs that are known.</param>
    public static WorkflowPlan Create(LoadedWorkflow loaded, JsonObject inputs)
    {
        var workflow = loaded.Workflow;
        var known = new JsonObject();
        foreach (var input in workflow.Inputs)
        {
            if (inputs[input.Name] is { } given) known[input.Name] = given.DeepClone();
            else if (!input.Required) known[input.Name] = input.Default?.DeepClone();
        }
        var values = new KnownValues(known, workflow.Env);
        return new(
            workflow,
            [.. new StepGraph(workflow).Groups.Select(group => group.Select(step => Plan(step, loaded, values)).ToList())],
            [.. workflow.Inputs.Where(i => !known.ContainsKey(i.Name)).Select(i => i.Name)],
            [.. loaded.All.SelectMany(ExpressionReferences.Secrets).Distinct().Order(StringComparer.Ordinal)]);
    }

    private static PlannedStep Plan(WorkflowStep step, LoadedWorkflow loaded, KnownValues values)
    {
        var runs = step.If is null ? true : values.TryEvaluate(step.If, out var condition) ? JsonValues.Kind(condition) == System.Text.Json.JsonValueKind.True : (bool?)null;
        var items = step.ForEach is not null && values.TryResolve(step.ForEach, out var list) && list is JsonArray array ? array.Count : (int?)null;
        WorkflowPlan? called = null;
        if (step.Action is WorkflowAction action && loaded.Called.TryGetValue(step.Id, out var other))
            called = Create(other, new(action.With.Entries.Where(e => values.TryResolve(e.Value, out _)).Select(e => { values.TryResolve(e.Value, out var value); return KeyValuePair.Create(e.Name, value); })));
        return new(step, Does(step, values), runs, items, called);
    }

    private static string Does(WorkflowStep step, KnownValues values) => step.Action switch
    {
        ToolAction tool => $"calls {tool.Tool} {values.Show(tool.With)}",
        McpAction tool => $"calls {tool.Tool} of the MCP server {tool.Server} {values.Show(tool.With)}",
        WorkflowAction workflow => $"runs the workflow {workflow.File} {values.Show(workflow.With)}",
        RunAction run => "runs: " + values.Show(run.Command),
        PromptAction prompt => $"asks {step.Model ?? "the model"}{(prompt.Schema is null ? "" : " for JSON")}: {values.Show(prompt.Text)}",
        AgentAction agent => $"lets an agent on {step.Model ?? "the model"} with {(agent.Tools is null ? "all built-in tools" : agent.Tools.Count == 0 ? "no tools" : string.Join(", ", agent.Tools.Select(t => t.Name)))} do: {values.Show(agent.Task)}",
        _ => "",
    };
}
