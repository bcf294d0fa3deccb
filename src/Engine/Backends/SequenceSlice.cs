namespace AgentRuntime.Engine.Backends;

/// <summary>One sequence's part of a forward pass.</summary>
/// <param name="Start">Index of its first token in the batch.</param>
/// <param name="Count">Number of its tokens in the batch, at least 1.</param>
/// <param name="ContextLength">Tokens of it that are already in the KV cache: the position of the first token.</param>
/// <param name="Blocks">
/// Ids of its KV blocks in order; position p lies in <c>Blocks[p / BlockTokens]</c>. Covers at least
/// <c>ContextLength + Count</c> positions. Only the blocks that hold the new positions are written.
/// </param>
public readonly record struct SequenceSlice(int Start, int Count, int ContextLength, int[] Blocks);
