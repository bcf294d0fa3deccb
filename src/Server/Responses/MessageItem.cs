namespace AgentRuntime.Server.Responses;

/// <summary>What the model said.</summary>
internal sealed record MessageItem(string Id, string Status, IReadOnlyList<TextPart> Content)
{
    public string Type { get; } = "message";

    public string Role { get; } = "assistant";
}
