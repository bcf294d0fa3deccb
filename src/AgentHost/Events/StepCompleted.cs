namespace AgentRuntime.AgentHost.Events;

/// <summary>A step ended: the reply was read and its tool calls ran. Times in milliseconds.</summary>
/// <param name="Run">Id of the run.</param>
/// <param name="Step">Number of the step.</param>
/// <param name="PromptTokens">Tokens in the context when the model began.</param>
/// <param name="CachedTokens">Of those, tokens that were resident.</param>
/// <param name="NewTokens">Of those, tokens that were prefilled.</param>
/// <param name="OutputTokens">Tokens that the model wrote.</param>
/// <param name="TtftMs">Time to the first token.</param>
/// <param name="PrefillMs">Time in prefill.</param>
/// <param name="DecodeMs">Time in decode.</param>
/// <param name="ToolMs">Time in tools, approval included.</param>
/// <param name="OverheadMs">The rest: wall time less the model's and the tools'.</param>
public sealed record StepCompleted(
    string Run, int Step, int PromptTokens, int CachedTokens, int NewTokens, int OutputTokens,
    double TtftMs, double PrefillMs, double DecodeMs, double ToolMs, double OverheadMs) : AgentEvent(Run)
{
    /// <summary>Of the tokens that the model wrote, those that its tool calls left no choice about: they were appended, not decoded.</summary>
    public int ForcedTokens { get; init; }
}
