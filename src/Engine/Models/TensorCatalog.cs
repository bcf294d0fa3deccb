namespace AgentRuntime.Engine.Models;

/// <summary>The tensors that a model of a supported family consists of, with their shapes.</summary>
public static class TensorCatalog
{
    /// <summary>One tensor of a model.</summary>
    /// <param name="Name">Its GGUF name.</param>
    /// <param name="Shape">Its dimensions, the fastest-running first.</param>
    /// <param name="Required">Whether the model cannot do without it.</param>
    public readonly record struct Entry(string Name, IReadOnlyList<long> Shape, bool Required = true)
    {
        /// <summary>Whether it is a vector (a norm, a bias), always stored as F32.</summary>
        public bool IsVector => Shape.Count == 1;
    }

    /// <summary>Every tensor that a model of these hyperparameters may have.</summary>
    public static IEnumerable<Entry> Of(ModelConfig config)
    {
        var family = ModelFamily.Find(config.Architecture)
            ?? throw new ArgumentException($"The model family {config.Architecture} is not supported.", nameof(config));
        long embedding = config.EmbeddingLength;
        yield return new("token_embd.weight", [embedding, config.VocabularySize]);
        yield return new("output_norm.weight", [embedding]);
        yield return new("output.weight", [embedding, config.VocabularySize], Required: false); // tied to token_embd where absent
        yield return new("rope_freqs.weight", [config.RopeDimensions / 2], Required: false);
        for (var layer = 0; layer < config.Layers; layer++)
            foreach (var entry in Attention(config, family).Concat(FeedForward(config)))
                yield return entry with { Name = $"blk.{layer}.{entry.Name}" };
    }

    private static IEnumerable<Entry> Attention(ModelConfig config, ModelFamily family)
    {
        long embedding = config.EmbeddingLength;
        var queries = (long)config.Heads * config.HeadLength;
        var keys = (long)config.KvHeads * config.HeadLength;
        var values = (long)config.KvHeads * config.ValueHeadLength;
        yield return new("attn_norm.weight", [embedding]);
        yield return new("attn_q.weight", [embedding, queries]);
        yield return new("attn_k.weight", [embedding, keys]);
        yield return new("attn_v.weight", [embedding, values]);
        yield return new("attn_output.weight", [(long)config.Heads * config.ValueHeadLength, embedding]);
        if (family.QkvBias != false)
        {
            yield return new("attn_q.bias", [queries], family.QkvBias == true);
            yield return new("attn_k.bias", [keys], family.QkvBias == true);
            yield return new("attn_v.bias", [values], family.QkvBias == true);
        }
        if (family.QkNorm)
        {
            yield return new("attn_q_norm.weight", [config.HeadLength]);
            yield return new("attn_k_norm.weight", [config.HeadLength]);
        }
    }

    private static IEnumerable<Entry> FeedForward(ModelConfig config)
    {
        long embedding = config.EmbeddingLength;
        yield return new("ffn_norm.weight", [embedding]);
        if (config.Experts == 0)
        {
            yield return new("ffn_gate.weight", [embedding, config.FeedForwardLength]);
            yield return new("ffn_up.weight", [embedding, config.FeedForwardLength]);
            yield return new("ffn_down.weight", [config.FeedForwardLength, embedding]);
            yield break;
        }
        long width = config.ExpertFeedForwardLength, experts = config.Experts;
        yield return new("ffn_gate_inp.weight", [embedding, experts]);
        yield return new("ffn_gate_exps.weight", [embedding, width, experts]);
        yield return new("ffn_up_exps.weight", [embedding, width, experts]);
        yield return new("ffn_down_exps.weight", [width, embedding, experts]);
    }

    /// <summary>Checks that a file holds every tensor that a model needs, in the right shape.</summary>
    /// <returns>Null, or what keeps the model from being run although the file is sound.</returns>
    /// <exception cref="ModelFormatException">A tensor is missing or has another shape.</exception>
    internal static string? Check(ModelConfig config, IReadOnlyDictionary<string, Tensor> tensors, string fileName)
    {
        var known = 0;
        string? problem = null;
        foreach (var entry in Of(config))
        {
            if (!tensors.TryGetValue(entry.Name, out var tensor))
            {
                if (entry.Required) throw new ModelFormatException($"{fileName}: tensor {entry.Name} is missing.");
                continue;
            }
            known++;
            if (!SameShape(tensor.Shape, entry.Shape))
                throw new ModelFormatException($"{fileName}: tensor {entry.Name} has shape {Text(tensor.Shape)}, expected {Text(entry.Shape)}.");
            if (entry.IsVector && tensor.Type != StorageType.F32)
                problem ??= $"{fileName}: tensor {entry.Name} has type {tensor.Type}, expected F32.";
        }
        if (known < tensors.Count && problem is null) problem = Unused(config, tensors) is { } name
            ? $"{fileName}: tensor {name} is not part of a {config.Architecture} model that this engine can run."
            : null;
        return problem;
    }

    /// <summary>A tensor that the forward pass would ignore, or null. Old files carry rope's frequencies, which are computed.</summary>
    private static string? Unused(ModelConfig config, IReadOnlyDictionary<string, Tensor> tensors)
    {
        var known = Of(config).Select(entry => entry.Name).ToHashSet(StringComparer.Ordinal);
        return tensors.Keys.FirstOrDefault(name => !known.Contains(name) && !name.Contains("attn_rot_embd", StringComparison.Ordinal));
    }

    /// <summary>Trailing dimensions of 1 say nothing.</summary>
    private static bool SameShape(IReadOnlyList<long> actual, IReadOnlyList<long> expected)
    {
        for (var d = 0; d < Math.Max(actual.Count, expected.Count); d++)
            if ((d < actual.Count ? actual[d] : 1) != (d < expected.Count ? expected[d] : 1)) return false;
        return true;
    }

    private static string Text(IReadOnlyList<long> shape) => $"[{string.Join(", ", shape)}]";
}
