namespace AgentRuntime.Engine.Diagnostics;

/// <summary>What one step cost. Times in milliseconds.</summary>
/// <param name="Step">Number of the step, from 1.</param>
/// <param name="Context">Tokens in the session after it.</param>
/// <param name="CachedTokens">Tokens of its prompt that were resident.</param>
/// <param name="NewTokens">Tokens of its prompt that were prefilled.</param>
/// <param name="OutputTokens">Tokens generated.</param>
/// <param name="TtftMs">Time to the first token.</param>
/// <param name="PrefillMs">Time in prefill.</param>
/// <param name="DecodeMs">Time in decode.</param>
/// <param name="WallMs">Time of the whole step.</param>
public sealed record StepBenchmarkRow(
    int Step, int Context, int CachedTokens, int NewTokens, int OutputTokens, double TtftMs, double PrefillMs, double DecodeMs, double WallMs);
