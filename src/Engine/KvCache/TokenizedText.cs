namespace AgentRuntime.Engine.KvCache;

/// <summary>A text's tokens, as <see cref="TextTokenMap"/> gives them.</summary>
/// <param name="Tokens">The ids of the whole text.</param>
/// <param name="Replayed">How many of them, from the start, are those of an earlier text, as they were computed or generated.</param>
/// <param name="Nearest">All tokens of the earlier text that shares the longest front, or null when none shares anything.</param>
public sealed record TokenizedText(int[] Tokens, int Replayed, IReadOnlyList<int>? Nearest);
