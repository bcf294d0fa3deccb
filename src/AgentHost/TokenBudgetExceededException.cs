namespace AgentRuntime.AgentHost;

/// <summary>The conversation is larger than the run's token budget. Nothing was cut from it.</summary>
public sealed class TokenBudgetExceededException : AgentException
{
    /// <summary>Creates the error.</summary>
    /// <param name="tokens">Tokens in the conversation.</param>
    /// <param name="budget">Tokens allowed.</param>
    public TokenBudgetExceededException(int tokens, int budget)
        : base($"The conversation has {tokens} tokens and the budget is {budget}; raise the budget and resume the run.")
    {
        Tokens = tokens;
        Budget = budget;
    }

    /// <summary>Tokens in the conversation.</summary>
    public int Tokens { get; }

    /// <summary>Tokens allowed.</summary>
    public int Budget { get; }
}
