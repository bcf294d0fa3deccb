using Microsoft.Extensions.AI;

namespace AgentRuntime.Server.Responses;

/// <summary>An answer of <c>/v1/responses</c>.</summary>
internal sealed record ResponseBody
{
    public string Id { get; init; } = "";

    public string Object { get; } = "response";

    public required long CreatedAt { get; init; }

    /// <summary>in_progress, completed, incomplete or failed.</summary>
    public string Status { get; init; } = "in_progress";

    public bool Background { get; }

    public object? Error { get; init; }

    public object? IncompleteDetails { get; init; }

    public required string? Instructions { get; init; }

    public required int? MaxOutputTokens { get; init; }

    public required string Model { get; init; }

    /// <summary>Of <see cref="MessageItem"/>, <see cref="FunctionCallItem"/> and <see cref="ReasoningItem"/>.</summary>
    public IReadOnlyList<object> Output { get; init; } = [];

    public required bool ParallelToolCalls { get; init; }

    public required string? PreviousResponseId { get; init; }

    public required object Reasoning { get; init; }

    public required bool Store { get; init; }

    public required float Temperature { get; init; }

    public required object Text { get; init; }

    public required object ToolChoice { get; init; }

    public required object Tools { get; init; }

    public required float TopP { get; init; }

    public string Truncation { get; } = "disabled";

    public UsageBody? Usage { get; init; }

    public required object Metadata { get; init; }

    /// <summary>What a response cost.</summary>
    internal sealed record UsageBody(long InputTokens, UsageBody.InputDetails InputTokensDetails, long OutputTokens, UsageBody.OutputDetails OutputTokensDetails, long TotalTokens)
    {
        /// <summary>Tokens of the input that were resident.</summary>
        internal sealed record InputDetails(long CachedTokens);

        /// <summary>Tokens of the output that were reasoning.</summary>
        internal sealed record OutputDetails(long ReasoningTokens);

        public static UsageBody Of(UsageDetails usage) => new(
            usage.InputTokenCount ?? 0, new(usage.CachedInputTokenCount ?? 0), usage.OutputTokenCount ?? 0, new(usage.ReasoningTokenCount ?? 0), usage.TotalTokenCount ?? 0);
    }
}
