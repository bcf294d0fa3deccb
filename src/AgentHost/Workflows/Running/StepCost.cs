namespace AgentRuntime.AgentHost.Workflows.Running;

/// <summary>What models cost.</summary>
/// <param name="Replies">Number of replies.</param>
/// <param name="PromptTokens">Sum of the replies' prompts: what a stateless client would have sent.</param>
/// <param name="CachedTokens">Of those, tokens that were resident.</param>
/// <param name="OutputTokens">Tokens that were generated.</param>
/// <param name="ComputedTokens">Tokens that went through the model: prefilled plus decoded.</param>
public sealed record StepCost(int Replies, long PromptTokens, long CachedTokens, long OutputTokens, long ComputedTokens)
{
    /// <summary>Nothing.</summary>
    public static StepCost None { get; } = new(0, 0, 0, 0, 0);

    /// <summary>Of the prompt tokens, those that had to be computed.</summary>
    public long NewTokens => PromptTokens - CachedTokens;

    /// <summary>Two costs together.</summary>
    public static StepCost operator +(StepCost left, StepCost right) => left.Add(right);

    /// <summary>Two costs together.</summary>
    public StepCost Add(StepCost other) => new(
        Replies + other.Replies, PromptTokens + other.PromptTokens, CachedTokens + other.CachedTokens, OutputTokens + other.OutputTokens,
        ComputedTokens + other.ComputedTokens);
}
