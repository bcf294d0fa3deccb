using AgentRuntime.Engine.Formats.Gguf;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Fuzz.Gguf;

/// <summary>Short valid GGUF files that have a bit of everything.</summary>
internal static class GgufSeeds
{
    public static IReadOnlyList<byte[]> All { get; } = [Empty(), EveryValueType(), Vocabulary(), Tensors(), Model("llama", false), Model("qwen3moe", true)];

    private static byte[] Empty() => Write(_ => { });

    private static byte[] EveryValueType() => Write(writer =>
    {
        object[] values =
        [
            (byte)1, (sbyte)-1, (ushort)2, (short)-2, 3u, -3, 4ul, -4L, 0.5f, 0.25, true, "text",
            new byte[] { 1 }, new sbyte[] { 1, 2 }, new ushort[] { 1 }, new short[] { 1, 2, 3 }, new[] { 1u }, new[] { 1 },
            new[] { 1ul }, new[] { 1L }, new[] { 1f }, new[] { 1.0 }, new[] { true, false }, new[] { "a", "", "ü" },
        ];
        for (var i = 0; i < values.Length; i++) writer.Add($"k{i}", values[i]);
    });

    private static byte[] Vocabulary() => Write(AddVocabulary);

    private static byte[] Tensors() => Write(writer =>
    {
        writer.Add("general.architecture", "other");
        writer.AddTensor("a", StorageType.Q8_0, 32, 2);
        writer.AddTensor("b", StorageType.Q4_K, 256);
        writer.AddTensor("c", StorageType.MXFP4, 32, 1, 2, 1);
        writer.AddTensor("d", StorageType.F16, 5);
    });

    private static byte[] Model(string family, bool experts) => Write(writer =>
    {
        writer.Add("general.architecture", family);
        writer.Add("tokenizer.chat_template", "{{ messages }}");
        foreach (var (key, value) in new[] { ("block_count", 1u), ("context_length", 16u), ("embedding_length", 4u), ("feed_forward_length", 4u), ("attention.head_count", 2u), ("attention.head_count_kv", 1u) })
            writer.Add($"{family}.{key}", value);
        writer.Add($"{family}.attention.layer_norm_rms_epsilon", 1e-5f);
        writer.Add($"{family}.rope.scaling.type", "linear");
        writer.Add($"{family}.rope.scaling.factor", 2f);
        if (experts)
        {
            writer.Add($"{family}.expert_count", 2u);
            writer.Add($"{family}.expert_used_count", 1u);
        }
        AddVocabulary(writer);
        var config = new ModelConfig
        {
            Architecture = family,
            Name = "",
            Layers = 1,
            EmbeddingLength = 4,
            FeedForwardLength = 4,
            Heads = 2,
            KvHeads = 1,
            HeadLength = 2,
            ValueHeadLength = 2,
            VocabularySize = 6,
            ContextLength = 16,
            RmsEpsilon = 1e-5f,
            RopeBase = 10000,
            RopeDimensions = 2,
            RopeHalfSplit = false,
            Experts = experts ? 2 : 0,
            ExpertsUsed = experts ? 1 : 0,
            ExpertFeedForwardLength = 4,
        };
        foreach (var entry in TensorCatalog.Of(config).Where(entry => entry.Required)) writer.AddTensor(entry.Name, StorageType.F32, [.. entry.Shape]);
    });

    private static void AddVocabulary(GgufWriter writer)
    {
        writer.Add("tokenizer.ggml.model", "llama");
        writer.Add("tokenizer.ggml.tokens", new[] { "<s>", "</s>", "<0x0A>", "a", "b", "ab" });
        writer.Add("tokenizer.ggml.token_type", new[] { 3, 3, 6, 1, 1, 1 });
        writer.Add("tokenizer.ggml.scores", new[] { 0f, 0, 0, -1, -2, -3 });
        writer.Add("tokenizer.ggml.merges", new[] { "a b" });
        writer.Add("tokenizer.ggml.bos_token_id", 0u);
        writer.Add("tokenizer.ggml.eos_token_id", 1u);
        writer.Add("tokenizer.ggml.add_bos_token", true);
    }

    private static byte[] Write(Action<GgufWriter> fill)
    {
        using var stream = new MemoryStream();
        var writer = new GgufWriter(stream);
        fill(writer);
        writer.Begin();
        stream.Write(new byte[writer.DataBytes]); // zeros are valid data of every type
        return stream.ToArray();
    }
}
