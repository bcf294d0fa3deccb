namespace AgentRuntime.AgentHost.Events;

/// <summary>What a run cost, over the steps of this process.</summary>
/// <param name="PromptTokens">Sum of the steps' prompts: what a stateless client would have sent.</param>
/// <param name="CachedTokens">Of those, tokens served from the resident cache.</param>
/// <param name="OutputTokens">Tokens that the model wrote.</param>
/// <param name="ComputedTokens">Tokens that went through the model: prefilled plus decoded.</param>
/// <param name="ContextTokens">Tokens in the final context.</param>
public sealed record RunTotals(long PromptTokens, long CachedTokens, long OutputTokens, long ComputedTokens, int ContextTokens)
{
    /// <summary>Prefill amplification: tokens computed for each token of the final context; 1 is ideal.</summary>
    public double Amplification => ContextTokens == 0 ? 0 : (double)ComputedTokens / ContextTokens;

    /// <summary>Share of prompt tokens served from the resident cache, 0 to 1.</summary>
    public double CachedShare => PromptTokens == 0 ? 0 : (double)CachedTokens / PromptTokens;
}
