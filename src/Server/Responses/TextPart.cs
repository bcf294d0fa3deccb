using System.Text.Json.Serialization;

namespace AgentRuntime.Server.Responses;

/// <summary>A part of a message or of reasoning.</summary>
internal sealed record TextPart(string Type, string Text)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public object[]? Annotations { get; } = Type == "output_text" ? [] : null;
}
