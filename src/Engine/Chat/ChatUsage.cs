using AgentRuntime.Engine.Sessions;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat;

/// <summary>What a generation cost, in the words of Microsoft.Extensions.AI.</summary>
internal static class ChatUsage
{
    public static UsageDetails From(Usage usage, int reasoningTokens) => new()
    {
        InputTokenCount = usage.PromptTokens,
        CachedInputTokenCount = usage.CachedTokens,
        OutputTokenCount = usage.OutputTokens,
        ReasoningTokenCount = reasoningTokens,
        TotalTokenCount = (long)usage.PromptTokens + usage.OutputTokens,
        AdditionalCounts = new()
        {
            [EngineChatProperties.ComputedTokens] = usage.ComputedTokens,
            [EngineChatProperties.QueueTime] = Microseconds(usage.QueueTime),
            [EngineChatProperties.TimeToFirstToken] = Microseconds(usage.TimeToFirstToken),
            [EngineChatProperties.PrefillTime] = Microseconds(usage.PrefillTime),
            [EngineChatProperties.DecodeTime] = Microseconds(usage.DecodeTime),
        },
    };

    private static long Microseconds(TimeSpan time) => (long)time.TotalMicroseconds;
}
