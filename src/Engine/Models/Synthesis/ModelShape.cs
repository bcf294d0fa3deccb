namespace AgentRuntime.Engine.Models.Synthesis;

/// <summary>The dimensions of a real model, for models with random weights.</summary>
/// <param name="Config">Its hyperparameters.</param>
/// <param name="Tied">Whether the output weights are the embeddings.</param>
/// <param name="PreTokenizer">The family's pre-tokenizer.</param>
/// <param name="RopeFactor">Factor of Llama 3's frequency scaling, 0 for none.</param>
public sealed record ModelShape(ModelConfig Config, bool Tied, string PreTokenizer, float RopeFactor = 0)
{
    /// <summary>The known shapes. <c>tiny-test</c> and <c>tiny-test-moe</c> are for tests: a few thousand weights.</summary>
    public static IReadOnlyList<ModelShape> All { get; } =
    [
        Qwen("qwen2", "qwen2.5-0.5b", layers: 24, embedding: 896, feedForward: 4864, heads: 14, kvHeads: 2, headLength: 64, context: 32768, tied: true),
        Qwen("qwen3", "qwen3-0.6b", layers: 28, embedding: 1024, feedForward: 3072, heads: 16, kvHeads: 8, headLength: 128, context: 40960, tied: true),
        Llama("llama3.2-1b", layers: 16, embedding: 2048, feedForward: 8192, headLength: 64, tied: true, ropeFactor: 32),
        Llama("llama3.1-8b", layers: 32, embedding: 4096, feedForward: 14336, headLength: 128, tied: false, ropeFactor: 8),
        Qwen("qwen3moe", "qwen3-30b-a3b", layers: 48, embedding: 2048, feedForward: 6144, heads: 32, kvHeads: 4, headLength: 128,
            context: 40960, tied: false, experts: 128, expertsUsed: 8, expertWidth: 768),
        Qwen("qwen3", "tiny-test", layers: 2, embedding: 64, feedForward: 128, heads: 4, kvHeads: 2, headLength: 32,
            context: 4096, tied: true, vocabulary: 512),
        Qwen("qwen3moe", "tiny-test-moe", layers: 2, embedding: 64, feedForward: 128, heads: 4, kvHeads: 2, headLength: 32,
            context: 4096, tied: false, vocabulary: 512, experts: 4, expertsUsed: 2, expertWidth: 64),
    ];

    /// <summary>The names of all shapes, for messages.</summary>
    public static string Names { get; } = string.Join(", ", All.Select(shape => shape.Config.Name));

    /// <summary>The shape of that name.</summary>
    /// <exception cref="EngineException">There is none.</exception>
    public static ModelShape Find(string name) =>
        All.FirstOrDefault(shape => shape.Config.Name == name) ?? throw new EngineException($"There is no model shape {name} (known: {Names}).");

    private static ModelShape Qwen(
        string family, string name, int layers, int embedding, int feedForward, int heads, int kvHeads, int headLength, int context,
        bool tied, int vocabulary = 151936, int experts = 0, int expertsUsed = 0, int expertWidth = 0) =>
        new(new()
        {
            Architecture = family,
            Name = name,
            Layers = layers,
            EmbeddingLength = embedding,
            FeedForwardLength = feedForward,
            Heads = heads,
            KvHeads = kvHeads,
            HeadLength = headLength,
            ValueHeadLength = headLength,
            VocabularySize = vocabulary,
            ContextLength = context,
            RmsEpsilon = 1e-6f,
            RopeBase = 1e6f,
            RopeDimensions = headLength,
            RopeHalfSplit = true,
            Experts = experts,
            ExpertsUsed = expertsUsed,
            ExpertFeedForwardLength = expertWidth,
            NormalizeExpertWeights = experts > 0,
        }, tied, "qwen2");

    private static ModelShape Llama(string name, int layers, int embedding, int feedForward, int headLength, bool tied, float ropeFactor) =>
        new(new()
        {
            Architecture = "llama",
            Name = name,
            Layers = layers,
            EmbeddingLength = embedding,
            FeedForwardLength = feedForward,
            Heads = 32,
            KvHeads = 8,
            HeadLength = headLength,
            ValueHeadLength = headLength,
            VocabularySize = 128256,
            ContextLength = 131072,
            RmsEpsilon = 1e-5f,
            RopeBase = 500000,
            RopeDimensions = headLength,
            RopeHalfSplit = false,
        }, tied, "llama-bpe", ropeFactor);
}
