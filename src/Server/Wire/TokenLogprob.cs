using System.Text.Json.Serialization;
using AgentRuntime.Engine.Sessions;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Server.Wire;

/// <summary>A token of a chat reply with the natural logarithm of its probability, and in a reply those that were as likely.</summary>
internal sealed record TokenLogprob(string Token, float Logprob, IReadOnlyList<int> Bytes)
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<TokenLogprob>? TopLogprobs { get; init; }

    /// <summary>The tokens of some events.</summary>
    public static IEnumerable<TokenLogprob> Of(IEnumerable<TokenEvent> events, Tokenizer tokenizer) =>
        events.Where(e => e.Token is not null && e.LogProbability is not null).Select(e => Of(e.Token!.Value, e.LogProbability!.Value, tokenizer) with
        {
            TopLogprobs = [.. (e.TopLogProbabilities ?? []).Select(top => Of(top.Token, top.LogProbability, tokenizer))],
        });

    private static TokenLogprob Of(int token, float logprob, Tokenizer tokenizer) =>
        new(tokenizer.Decode([token], special: true), logprob, [.. tokenizer.Bytes(token, special: true).ToArray().Select(b => (int)b)]);
}
