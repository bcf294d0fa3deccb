using System.Text.Json.Serialization;

namespace AgentRuntime.Server.Wire;

/// <summary>An answer of <c>/v1/completions</c>, or a chunk of one.</summary>
internal sealed record TextCompletion(string Id, string Object, long Created, string Model, IReadOnlyList<TextCompletion.Choice> Choices)
{
    /// <summary>Always in a whole answer, at the end of a stream when asked for.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TokenUsage? Usage { get; init; }

    /// <summary>One continuation, or a piece of one.</summary>
    internal sealed record Choice(int Index, string Text, LogprobList? Logprobs, string? FinishReason);

    /// <summary>Natural logarithms of probabilities, an entry per token. The offset counts characters from the start of the continuation.</summary>
    internal sealed record LogprobList(IReadOnlyList<string> Tokens, IReadOnlyList<float> TokenLogprobs, IReadOnlyList<IReadOnlyDictionary<string, float>>? TopLogprobs, IReadOnlyList<int> TextOffset);
}
