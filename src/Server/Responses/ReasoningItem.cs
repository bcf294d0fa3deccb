namespace AgentRuntime.Server.Responses;

/// <summary>What the model thought before.</summary>
internal sealed record ReasoningItem(string Id, string Status, IReadOnlyList<TextPart> Content)
{
    public string Type { get; } = "reasoning";

    public object[] Summary { get; } = [];
}
