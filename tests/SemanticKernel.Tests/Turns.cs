using AgentRuntime.Engine.Chat;
using Microsoft.Extensions.AI;
using Microsoft.SemanticKernel;

namespace AgentRuntime.SemanticKernel.Tests;

/// <summary>What a turn of a conversation cost.</summary>
internal static class Turns
{
    /// <summary>The usage of all requests of a turn, added up.</summary>
    public static UsageDetails UsageOf(ChatMessageContent message) => (UsageDetails)message.Metadata!["Usage"]!;

    /// <summary>Tokens that went through the model in the turn.</summary>
    public static long Computed(UsageDetails usage) => usage.AdditionalCounts![EngineChatProperties.ComputedTokens];
}
