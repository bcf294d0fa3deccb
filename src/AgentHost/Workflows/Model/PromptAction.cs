using System.Text.Json.Nodes;

namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary><c>prompt</c>: one reply of a model. Outputs: <c>text</c>, and with a schema <c>json</c>.</summary>
/// <param name="Text">What the model is told: text.</param>
/// <param name="Mark">Where it is written.</param>
public sealed record PromptAction(WorkflowValue Text, Mark Mark) : StepAction(Mark)
{
    /// <inheritdoc/>
    public override string Key => "prompt";

    /// <summary>The system message of a new conversation: text, or null for none.</summary>
    public WorkflowValue? System { get; init; }

    /// <summary>JSON schema of the answer, or null for any text.</summary>
    public JsonNode? Schema { get; init; }

    /// <summary>The schema with its places, or null.</summary>
    public WorkflowValue? SchemaSource { get; init; }

    /// <summary>Most tokens of the reply; null for the runner's own limit.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Temperature of the sampler, 0 to 10; null for the runner's own.</summary>
    public double? Temperature { get; init; }
}
