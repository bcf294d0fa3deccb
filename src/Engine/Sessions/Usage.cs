namespace AgentRuntime.Engine.Sessions;

/// <summary>What a generation cost.</summary>
public sealed record Usage
{
    /// <summary>Tokens in the context when generation began.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Of those, tokens whose keys and values were resident.</summary>
    public required int CachedTokens { get; init; }

    /// <summary>Tokens that were computed in prefill: <see cref="PromptTokens"/> less <see cref="CachedTokens"/>.</summary>
    public int NewTokens => PromptTokens - CachedTokens;

    /// <summary>Tokens generated, forced ones included.</summary>
    public required int OutputTokens { get; init; }

    /// <summary>Of those, tokens that a grammar left no choice about: appended without being decoded one by one.</summary>
    public int ForcedTokens { get; init; }

    /// <summary>Tokens that went through the model in this call: prefilled plus decoded.</summary>
    public required int ComputedTokens { get; init; }

    /// <summary>From the request to its first pass.</summary>
    public TimeSpan QueueTime { get; init; }

    /// <summary>From the request to the first token.</summary>
    public TimeSpan TimeToFirstToken { get; init; }

    /// <summary>Time in prefill passes.</summary>
    public TimeSpan PrefillTime { get; init; }

    /// <summary>Time from the first token to the last.</summary>
    public TimeSpan DecodeTime { get; init; }
}
