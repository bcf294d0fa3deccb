using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Workflows.Validation;

/// <summary>The types of what inputs hold and what steps give.</summary>
internal static class StepTypes
{
    public static ExpressionType OfInput(WorkflowInput input) => input.Type switch
    {
        InputType.String => ExpressionType.String,
        InputType.Integer or InputType.Number => ExpressionType.Number,
        InputType.Boolean => ExpressionType.Boolean,
        InputType.List => ExpressionType.List,
        _ => ExpressionType.Object,
    };

    /// <summary>What an action gives by itself.</summary>
    public static Dictionary<string, ExpressionType> OfAction(StepAction action, LoadedWorkflow? called)
    {
        Dictionary<string, ExpressionType> outputs = new(StringComparer.Ordinal);
        if (action is WorkflowAction)
        {
            foreach (var (name, type) in called?.Outputs ?? new Dictionary<string, ExpressionType>()) outputs.Add(name, type);
            return outputs;
        }
        outputs.Add("text", ExpressionType.String);
        switch (action)
        {
            case RunAction:
                outputs.Add("exit-code", ExpressionType.Number);
                break;
            case McpAction:
                outputs.Add("json", ExpressionType.Any);
                break;
            case PromptAction { Schema: { } schema }:
                outputs.Add("json", ExpressionType.FromSchema(schema));
                break;
            case AgentAction:
                outputs.Add("steps", ExpressionType.Number);
                break;
        }
        return outputs;
    }

    /// <summary>What other steps see: its outputs, each a list when it runs for each entry of one, and its outcome.</summary>
    public static ExpressionType OfStep(WorkflowStep step, IReadOnlyDictionary<string, ExpressionType> outputs) => ExpressionType.ObjectOf(new SortedDictionary<string, ExpressionType>(StringComparer.Ordinal)
    {
        ["outputs"] = ExpressionType.ObjectOf(outputs.ToDictionary(o => o.Key, o => step.ForEach is null ? o.Value : ExpressionType.ListOf(o.Value))),
        ["outcome"] = ExpressionType.String,
    });
}
