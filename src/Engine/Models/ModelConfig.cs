namespace AgentRuntime.Engine.Models;

/// <summary>What a transformer looks like: the hyperparameters that the forward pass needs. Checked when the file was opened.</summary>
public sealed record ModelConfig
{
    /// <summary>The family as GGUF names it: <c>llama</c>, <c>qwen2</c>, <c>qwen3</c>, <c>qwen3moe</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>The model's own name, or its file name.</summary>
    public required string Name { get; init; }

    /// <summary>Number of transformer layers.</summary>
    public required int Layers { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int EmbeddingLength { get; init; }

    /// <summary>Width of the feed-forward layer (dense families).</summary>
    public required int FeedForwardLength { get; init; }

    /// <summary>Number of query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Number of key/value heads; divides <see cref="Heads"/> (GQA).</summary>
    public required int KvHeads { get; init; }

    /// <summary>Width of a query or key head.</summary>
    public required int HeadLength { get; init; }

    /// <summary>Width of a value head.</summary>
    public required int ValueHeadLength { get; init; }

    /// <summary>Number of vocabulary entries, the length of a row of logits.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Longest context that the model was made for, in tokens.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Epsilon of the RMS norms.</summary>
    public required float RmsEpsilon { get; init; }

    /// <summary>Base of the rope frequencies.</summary>
    public required float RopeBase { get; init; }

    /// <summary>Leading dimensions of a head that are rotated.</summary>
    public required int RopeDimensions { get; init; }

    /// <summary>
    /// True when rope pairs dimension i with i + n/2 (qwen families, "neox"); false when it pairs 2i with 2i + 1
    /// (llama in GGUF files, whose query and key rows are permuted for it).
    /// </summary>
    public required bool RopeHalfSplit { get; init; }

    /// <summary>Rope scaling for long contexts.</summary>
    public RopeScaling RopeScaling { get; init; } = RopeScaling.None;

    /// <summary>Tokens that a layer's attention sees back, or 0 for all.</summary>
    public int SlidingWindow { get; init; }

    /// <summary>Number of experts in a layer, or 0 for a dense model.</summary>
    public int Experts { get; init; }

    /// <summary>Experts chosen for a token.</summary>
    public int ExpertsUsed { get; init; }

    /// <summary>Width of an expert's feed-forward layer.</summary>
    public int ExpertFeedForwardLength { get; init; }

    /// <summary>Whether the chosen experts' weights are scaled to sum to 1.</summary>
    public bool NormalizeExpertWeights { get; init; }
}
