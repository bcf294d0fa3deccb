using System.Text.Json.Nodes;

namespace AgentRuntime.AgentHost.Workflows.Running;

/// <summary>How a step ended.</summary>
/// <param name="Outcome">How.</param>
/// <param name="Outputs">What other steps see; null for what there is nothing of.</param>
/// <param name="Message">Why it failed or was skipped; null when it succeeded.</param>
internal sealed record StepResult(StepOutcome Outcome, JsonObject? Outputs, string? Message)
{
    /// <summary>Whether the steps that need this one must not run: it failed, or was itself held back by one that did.</summary>
    public bool Blocks { get; init; }

    /// <summary>As expressions see it.</summary>
    public JsonObject ToExpression() => new()
    {
        ["outputs"] = Outputs?.DeepClone() ?? new JsonObject(),
        ["outcome"] = Name(Outcome),
    };

    public static string Name(StepOutcome outcome) => outcome switch
    {
        StepOutcome.Success => "success",
        StepOutcome.Failure => "failure",
        _ => "skipped",
    };
}
