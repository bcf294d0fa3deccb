namespace AgentRuntime.Engine.Chat;

/// <summary>Names in the <c>AdditionalProperties</c> of requests and responses and in <c>AdditionalCounts</c> of the usage.</summary>
public static class EngineChatProperties
{
    /// <summary>Request, number: <see cref="Sessions.GenerationOptions.MinP"/>.</summary>
    public const string MinP = "min_p";

    /// <summary>Request, number: <see cref="Sessions.GenerationOptions.RepetitionPenalty"/>.</summary>
    public const string RepetitionPenalty = "repetition_penalty";

    /// <summary>Request, whole number: <see cref="Sessions.GenerationOptions.RepetitionWindow"/>.</summary>
    public const string RepetitionWindow = "repetition_window";

    /// <summary>Request, true or false: <see cref="Sessions.GenerationOptions.IgnoreEos"/>.</summary>
    public const string IgnoreEos = "ignore_eos";

    /// <summary>Request, true or false: whether a stream holds <see cref="FunctionCallPiece"/>s before each call.</summary>
    public const string StreamCalls = "stream_calls";

    /// <summary>Request, whole number: <see cref="Sessions.GenerationOptions.ThinkingBudget"/>.</summary>
    public const string ThinkingBudget = "thinking_budget";

    /// <summary>
    /// Response, or last update of a stream: a <see cref="Diagnostics.CacheMissExplanation"/> when the request continued a conversation and less of it
    /// was resident than could have been; absent otherwise.
    /// </summary>
    public const string CacheMiss = "agentruntime.cache_miss";

    /// <summary>Usage: tokens that went through the model for this reply, prefilled plus decoded.</summary>
    public const string ComputedTokens = "computed_tokens";

    /// <summary>Usage, microseconds: from the request to its first pass.</summary>
    public const string QueueTime = "queue_time_us";

    /// <summary>Usage, microseconds: from the request to the first token.</summary>
    public const string TimeToFirstToken = "time_to_first_token_us";

    /// <summary>Usage, microseconds: time in prefill passes.</summary>
    public const string PrefillTime = "prefill_time_us";

    /// <summary>Usage, microseconds: from the first token to the last.</summary>
    public const string DecodeTime = "decode_time_us";
}
