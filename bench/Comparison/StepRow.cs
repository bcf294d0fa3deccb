namespace AgentRuntime.Comparison;

/// <summary>A row of <c>bench steps</c>, as far as it is needed here.</summary>
/// <param name="Step">Number of the step, from 1.</param>
/// <param name="Context">Tokens in the conversation after it.</param>
/// <param name="WallMs">Milliseconds that it took.</param>
public sealed record StepRow(int Step, int Context, double WallMs);
