namespace AgentRuntime.Comparison;

/// <summary>What a process left.</summary>
/// <param name="Output">Its standard output.</param>
/// <param name="PeakBytes">Its largest resident set, mapped files included.</param>
/// <param name="OtherCores">Processor cores that other processes kept busy meanwhile, on average.</param>
public sealed record ProcessOutcome(string Output, long PeakBytes, double OtherCores);
