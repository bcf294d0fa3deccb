namespace AgentRuntime.Engine.Sessions;

/// <summary>What the model says about a sequence of tokens.</summary>
/// <param name="ArgMax">The likeliest next token after each position that was computed; the lowest id of equals, -1 where the model gave no number.</param>
/// <param name="Last">The logits after the last position, one per vocabulary entry.</param>
public sealed record SequenceLogits(IReadOnlyList<int> ArgMax, ReadOnlyMemory<float> Last);
