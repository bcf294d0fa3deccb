namespace AgentRuntime.Engine.Backends.Cpu.Attention;

/// <summary>A piece of attention that one thread does: some tokens of a sequence, the query heads of one KV head.</summary>
/// <param name="Sequence">Index of the sequence in the batch.</param>
/// <param name="Token">First token, an index into the batch.</param>
/// <param name="Count">Number of tokens.</param>
/// <param name="KvHead">The KV head.</param>
/// <param name="FirstSplit">First stretch of the context (<see cref="AttentionPlan.SplitBlocks"/> KV blocks each) that is looked at.</param>
/// <param name="EndSplit">The stretch after the last.</param>
/// <param name="Partial">Offset in floats of the room for a partial result, or -1 when the item covers the whole context.</param>
internal readonly record struct AttentionItem(int Sequence, int Token, int Count, int KvHead, int FirstSplit, int EndSplit, long Partial);
