namespace AgentRuntime.Server.Wire;

/// <summary>Log-probabilities of a chat reply or of a piece of it.</summary>
internal sealed record ChatLogprobs(IReadOnlyList<TokenLogprob> Content)
{
    /// <summary>Always null: there are no refusals apart from text.</summary>
    public object? Refusal { get; }
}
