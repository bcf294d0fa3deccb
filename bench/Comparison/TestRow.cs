namespace AgentRuntime.Comparison;

/// <summary>A row of <c>bench engine --json</c>.</summary>
/// <param name="Test"><c>prefill</c>, <c>decode</c> or <c>verify</c>.</param>
/// <param name="Tokens">Tokens of a run.</param>
/// <param name="Depth">Tokens in the KV cache before.</param>
/// <param name="TokensPerSecond">The speed.</param>
public sealed record TestRow(string Test, int Tokens, int Depth, Spread TokensPerSecond);
