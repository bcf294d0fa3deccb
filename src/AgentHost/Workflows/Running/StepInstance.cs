using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Workflows.Running;

/// <summary>A step that is to run, or one item of its <c>foreach</c>.</summary>
/// <param name="Step">The step.</param>
/// <param name="Path">Its name in journal and events: <c>build</c>, <c>triage[3]</c>, <c>release/notes</c>.</param>
/// <param name="Context">What its expressions see.</param>
/// <param name="Item">The item; null when there is none.</param>
internal sealed record StepInstance(WorkflowStep Step, string Path, ExpressionContext Context, JsonNode? Item = null)
{
    /// <summary>Its inputs with all expressions computed.</summary>
    public JsonObject ResolveInputs() => Step.Action switch
    {
        ToolAction tool => new() { ["with"] = Evaluator.Resolve(tool.With, Context) },
        McpAction mcp => new() { ["with"] = Evaluator.Resolve(mcp.With, Context) },
        WorkflowAction workflow => new() { ["with"] = Evaluator.Resolve(workflow.With, Context) },
        RunAction run => new()
        {
            ["command"] = Evaluator.Text(run.Command, Context),
            ["env"] = new JsonObject(Step.Env.Select(e => KeyValuePair.Create(e.Name, (JsonNode?)Evaluator.Text(e.Value, Context)))),
        },
        PromptAction prompt => new()
        {
            ["text"] = Evaluator.Text(prompt.Text, Context),
            ["system"] = prompt.System is null ? null : Evaluator.Text(prompt.System, Context),
        },
        AgentAction agent => new() { ["task"] = Evaluator.Text(agent.Task, Context) },
        _ => [],
    };
}
