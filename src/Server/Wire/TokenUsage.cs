using Microsoft.Extensions.AI;

namespace AgentRuntime.Server.Wire;

/// <summary>What a request cost, in the form of chat and text completions.</summary>
internal sealed record TokenUsage(long PromptTokens, long CompletionTokens, long TotalTokens, TokenUsage.PromptDetails PromptTokensDetails, TokenUsage.CompletionDetails CompletionTokensDetails)
{
    /// <summary>Tokens of the prompt that were resident.</summary>
    internal sealed record PromptDetails(long CachedTokens);

    /// <summary>Tokens of the reply that were reasoning.</summary>
    internal sealed record CompletionDetails(long ReasoningTokens);

    /// <summary>Adds up prompts that were sent and all that was generated.</summary>
    public static TokenUsage Of(long prompt, long cached, long output, long reasoning) => new(prompt, output, prompt + output, new(cached), new(reasoning));

    /// <summary>The usage of several replies to one prompt, which counts once.</summary>
    public static TokenUsage Of(IReadOnlyList<UsageDetails> choices) => Of(
        choices[0].InputTokenCount ?? 0, choices[0].CachedInputTokenCount ?? 0,
        choices.Sum(c => c.OutputTokenCount ?? 0), choices.Sum(c => c.ReasoningTokenCount ?? 0));
}
