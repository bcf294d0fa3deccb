using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Tests.Fakes;

/// <summary>A deterministic "model": logits are a hash of every token so far and its position. The oracle of the engine's tests.</summary>
internal static class FakeModel
{
    public const int Vocabulary = 300;

    public static ModelConfig Config { get; } = new()
    {
        Architecture = "fake",
        Name = "fake",
        Layers = 1,
        EmbeddingLength = 32,
        FeedForwardLength = 32,
        Heads = 1,
        KvHeads = 1,
        HeadLength = 32,
        ValueHeadLength = 32,
        VocabularySize = Vocabulary,
        ContextLength = 4096,
        RmsEpsilon = 1e-5f,
        RopeBase = 10000,
        RopeDimensions = 32,
        RopeHalfSplit = true,
    };

    /// <summary>What is stored in the KV cache for a token.</summary>
    public static ulong Cell(int token, int position) => Mix(((ulong)(uint)position << 32) + (uint)token + 1);

    public static ulong Fold(ulong state, ulong cell) => Mix(state * 31 + cell);

    public static void Logits(ulong state, Span<float> row)
    {
        for (var token = 0; token < row.Length; token++) row[token] = (Mix(state + (ulong)token) >> 40) * (8f / (1 << 24));
    }

    /// <summary>The logits after the tokens, computed from them directly.</summary>
    public static float[] Logits(IEnumerable<int> tokens)
    {
        var (state, position) = (0UL, 0);
        foreach (var token in tokens) state = Fold(state, Cell(token, position++));
        var row = new float[Vocabulary];
        Logits(state, row);
        return row;
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
