using System.Text.Json.Nodes;

namespace AgentRuntime.AgentHost.Workflows.Running;

/// <summary>An attempt of a step failed: a tool's error, an exit code other than 0, an agent without an answer.</summary>
internal sealed class StepFailedException(string message) : AgentException(message)
{
    /// <summary>What can be said of the step although it failed, such as its exit code; null for nothing.</summary>
    public JsonObject? Outputs { get; init; }
}
