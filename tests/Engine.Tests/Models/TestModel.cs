using AgentRuntime.Engine.Formats.Gguf;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Tests.Models;

/// <summary>Writes a GGUF file with random weights for any hyperparameters, also ones that no real model has.</summary>
internal static class TestModel
{
    /// <param name="path">The file.</param>
    /// <param name="config">The hyperparameters.</param>
    /// <param name="types">Storage types of the matrices, taken in turn.</param>
    /// <param name="tied">Whether the embeddings serve as output weights.</param>
    /// <param name="biases">Whether queries, keys and values have biases where the family leaves it open.</param>
    /// <param name="ropeFactors">Whether there are divisors of rope's frequencies.</param>
    public static void Write(string path, ModelConfig config, StorageType[] types, bool tied = false, bool biases = false, bool ropeFactors = false)
    {
        var random = new Random(config.Name.Length + config.EmbeddingLength);
        using var stream = File.Create(path);
        var writer = new GgufWriter(stream);
        AddMetadata(writer, config);
        var entries = TensorCatalog.Of(config).Where(entry => entry.Required
            || entry.Name == "output.weight" && !tied
            || entry.Name.EndsWith(".bias", StringComparison.Ordinal) && biases
            || entry.Name == "rope_freqs.weight" && ropeFactors).ToArray();
        var chosen = entries.Select((entry, i) => entry.IsVector || entry.Name.Contains("gate_inp", StringComparison.Ordinal) ? StorageType.F32 : types[i % types.Length]).ToArray();
        for (var i = 0; i < entries.Length; i++) writer.AddTensor(entries[i].Name, chosen[i], [.. entries[i].Shape]);
        writer.Begin();
        for (var i = 0; i < entries.Length; i++)
        {
            var count = entries[i].Shape.Aggregate(1L, (product, size) => product * size);
            writer.Write(entries[i].IsVector ? Vector(entries[i].Name, (int)count, random) : TestWeights.Fill(chosen[i], count, 1.5 / Math.Sqrt(entries[i].Shape[0]), random));
        }
        writer.End();
    }

    /// <summary>Norms around 1, small biases, divisors from 1 to 8.</summary>
    private static byte[] Vector(string name, int count, Random random) =>
        [.. Enumerable.Range(0, count).SelectMany(i => BitConverter.GetBytes((float)(name switch
        {
            "rope_freqs.weight" => 1 + 7.0 * i / count,
            _ when name.EndsWith(".bias", StringComparison.Ordinal) => random.NextDouble() - 0.5,
            _ => 0.5 + random.NextDouble(),
        })))];

    private static void AddMetadata(GgufWriter writer, ModelConfig config)
    {
        writer.Add("general.architecture", config.Architecture);
        void Count(string key, int value) => writer.Add($"{config.Architecture}.{key}", (uint)value);
        void Number(string key, float value) => writer.Add($"{config.Architecture}.{key}", value);
        Count("block_count", config.Layers);
        Count("context_length", config.ContextLength);
        Count("embedding_length", config.EmbeddingLength);
        Count("feed_forward_length", config.FeedForwardLength);
        Count("attention.head_count", config.Heads);
        Count("attention.head_count_kv", config.KvHeads);
        Count("attention.key_length", config.HeadLength);
        Count("attention.value_length", config.ValueHeadLength);
        Count("rope.dimension_count", config.RopeDimensions);
        Count("vocab_size", config.VocabularySize);
        Number("rope.freq_base", config.RopeBase);
        Number("attention.layer_norm_rms_epsilon", config.RmsEpsilon);
        if (config.SlidingWindow > 0) Count("attention.sliding_window", config.SlidingWindow);
        if (config.Experts > 0)
        {
            Count("expert_count", config.Experts);
            Count("expert_used_count", config.ExpertsUsed);
            Count("expert_feed_forward_length", config.ExpertFeedForwardLength);
            writer.Add($"{config.Architecture}.expert_weights_norm", config.NormalizeExpertWeights);
        }
        var scaling = config.RopeScaling;
        if (scaling.Kind == RopeScalingKind.None) return;
        writer.Add($"{config.Architecture}.rope.scaling.type", scaling.Kind == RopeScalingKind.Yarn ? "yarn" : "linear");
        Number("rope.scaling.factor", scaling.Factor);
        if (scaling.Kind != RopeScalingKind.Yarn) return;
        if (scaling.OriginalContext != config.ContextLength) Count("rope.scaling.original_context_length", scaling.OriginalContext);
        Number("rope.scaling.attn_factor", scaling.AttentionFactor);
        Number("rope.scaling.yarn_beta_fast", scaling.BetaFast);
        Number("rope.scaling.yarn_beta_slow", scaling.BetaSlow);
    }
}
