using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Workflows.Validation;

/// <summary>What is known of a tool without calling it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does.</param>
/// <param name="Schema">JSON schema of its arguments.</param>
public sealed record ToolSignature(string Name, string Description, JsonNode? Schema)
{
    /// <summary>The signature of a function.</summary>
    public static ToolSignature Of(AIFunction function) => new(function.Name, function.Description, JsonNode.Parse(function.JsonSchema.GetRawText()));
}
