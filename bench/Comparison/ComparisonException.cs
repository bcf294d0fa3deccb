namespace AgentRuntime.Comparison;

/// <summary>A comparison that cannot go on; the message says why.</summary>
public sealed class ComparisonException(string message) : Exception(message);
