using System.Text.Json.Serialization;

namespace AgentRuntime.Server.Wire;

/// <summary>An answer of <c>/v1/chat/completions</c>, or a chunk of one.</summary>
internal sealed record ChatCompletion(string Id, string Object, long Created, string Model, IReadOnlyList<ChatCompletion.Choice> Choices)
{
    /// <summary>Always in a whole answer, at the end of a stream when asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TokenUsage? Usage { get; init; }

    /// <summary>One reply; a whole one has a message, a chunk a delta.</summary>
    internal sealed record Choice(int Index, string? FinishReason)
    {
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public ChatMessageBody? Message { get; init; }

        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public ChatMessageBody? Delta { get; init; }

        /// <summary>When asked for.</summary>
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public ChatLogprobs? Logprobs { get; init; }
    }
}
