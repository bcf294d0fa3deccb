using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Formats.Gguf;

/// <summary>The hyperparameters in a GGUF file's metadata.</summary>
internal static class GgufConfigReader
{
    /// <summary>Reads and checks them.</summary>
    /// <returns>The hyperparameters where the file states those of a supported family, and what keeps the model from being run.</returns>
    /// <exception cref="ModelFormatException">They are incomplete, of a wrong type, out of range, or contradict each other.</exception>
    public static (ModelConfig? Config, string? Problem) Read(
        GgufMetadata metadata, IReadOnlyList<GgufTensorInfo> tensors, string fileName, VocabularyData? vocabulary)
    {
        if (metadata.Text("general.architecture") is not { } architecture)
            return (null, $"{fileName}: the file states no general.architecture.");
        if (ModelFamily.Find(architecture) is not { } family)
            return (null, $"{fileName}: the model family {architecture} is not supported (supported: {ModelFamily.Names}).");
        var vocabularyOnly = tensors.Count == 0;
        if (vocabularyOnly && !metadata.Has(architecture + ".block_count"))
            return (null, $"{fileName}: the file holds only a vocabulary.");
        var config = Config(new(metadata, architecture), family, fileName, VocabularySize(metadata, architecture, vocabulary));
        if (ModelConfigCheck.Problem(config) is { } wrong) throw metadata.Error(wrong);
        return (config, vocabularyOnly ? $"{fileName}: the file holds only a vocabulary." : Problem(tensors, fileName));
    }

    private static string? Problem(IReadOnlyList<GgufTensorInfo> tensors, string fileName)
    {
        foreach (var tensor in tensors)
            if (!tensor.Type.IsSupported)
                return $"{fileName}: the storage type {tensor.Type.Name} (tensor {tensor.Name}) is not supported; use the model in another quantization, such as Q4_K_M.";
        return null;
    }

    private static ModelConfig Config(Keys keys, ModelFamily family, string fileName, int vocabularySize)
    {
        var embedding = keys.Required("embedding_length", ModelConfigCheck.LargestWidth);
        var heads = keys.Required("attention.head_count", ModelConfigCheck.LargestWidth);
        var headLength = keys.Optional("attention.key_length", ModelConfigCheck.LargestWidth) ?? keys.Divide(embedding, heads);
        var experts = keys.Optional("expert_count", ModelConfigCheck.LargestWidth, 0) ?? 0;
        if (family.Experts is { } expected && expected != experts > 0)
            throw keys.Error("expert_count", expected ? "is missing" : $"is {experts}, but the family has no experts");
        var context = keys.Required("context_length", int.MaxValue);
        var feedForward = experts > 0
            ? keys.Optional("feed_forward_length", ModelConfigCheck.LargestWidth, 0) ?? 0
            : keys.Required("feed_forward_length", ModelConfigCheck.LargestWidth);
        return new()
        {
            Architecture = family.Architecture,
            Name = keys.Metadata.Text("general.name") ?? Path.GetFileNameWithoutExtension(fileName),
            Layers = keys.Required("block_count", ModelConfigCheck.MostLayers),
            EmbeddingLength = embedding,
            FeedForwardLength = feedForward,
            Heads = heads,
            KvHeads = keys.Optional("attention.head_count_kv", ModelConfigCheck.LargestWidth) ?? heads,
            HeadLength = headLength,
            ValueHeadLength = keys.Optional("attention.value_length", ModelConfigCheck.LargestWidth) ?? headLength,
            VocabularySize = vocabularySize,
            ContextLength = context,
            RmsEpsilon = keys.Number("attention.layer_norm_rms_epsilon") ?? throw keys.Error("attention.layer_norm_rms_epsilon", "is missing"),
            RopeBase = keys.Number("rope.freq_base") ?? 10000,
            RopeDimensions = keys.Optional("rope.dimension_count", ModelConfigCheck.LargestWidth) ?? headLength,
            RopeHalfSplit = family.RopeHalfSplit,
            RopeScaling = Scaling(keys, context),
            SlidingWindow = keys.Optional("attention.sliding_window", int.MaxValue, 0) ?? 0,
            Experts = experts,
            ExpertsUsed = experts > 0 ? keys.Required("expert_used_count", experts) : 0,
            ExpertFeedForwardLength = experts > 0
                ? keys.Optional("expert_feed_forward_length", ModelConfigCheck.LargestWidth) ?? keys.Required("feed_forward_length", ModelConfigCheck.LargestWidth)
                : 0,
            NormalizeExpertWeights = experts > 0 && (keys.Metadata.Boolean(keys.Key("expert_weights_norm")) ?? true),
        };
    }

    private static RopeScaling Scaling(Keys keys, int context)
    {
        var type = keys.Metadata.Text(keys.Key("rope.scaling.type"));
        var factor = keys.Number("rope.scaling.factor") ?? keys.Number("rope.scale_linear") ?? 1;
        return type switch
        {
            "none" => RopeScaling.None,
            // A factor of 0 says that nothing is scaled. The oldest files state a factor and no type.
            null or "linear" when factor is 0 or 1 => RopeScaling.None,
            null or "linear" => new(RopeScalingKind.Linear, factor),
            "yarn" => new(
                RopeScalingKind.Yarn, factor, keys.Optional("rope.scaling.original_context_length", int.MaxValue) ?? context,
                keys.Number("rope.scaling.attn_factor") ?? 1,
                keys.Number("rope.scaling.yarn_beta_fast") ?? 32, keys.Number("rope.scaling.yarn_beta_slow") ?? 1),
            _ => throw keys.Error("rope.scaling.type", $"is {type}, expected none, linear or yarn"),
        };
    }

    private static int VocabularySize(GgufMetadata metadata, string architecture, VocabularyData? vocabulary)
    {
        var stated = metadata.Integer(architecture + ".vocab_size", 1);
        return vocabulary?.Tokens.Count ?? stated
            ?? throw metadata.Error($"the file has neither a vocabulary nor metadata key {architecture}.vocab_size");
    }

    /// <summary>Access to the keys that carry the family's name in front.</summary>
    private readonly record struct Keys(GgufMetadata Metadata, string Prefix)
    {
        public string Key(string key) => $"{Prefix}.{key}";

        public int? Optional(string key, int maximum, int minimum = 1) => Metadata.Integer(Key(key), minimum, maximum);

        public int Required(string key, int maximum) => Optional(key, maximum) ?? throw Error(key, "is missing");

        public float? Number(string key) => Metadata.Number(Key(key));

        public int Divide(int embedding, int heads) => embedding % heads == 0
            ? embedding / heads
            : throw Error("attention.key_length", $"is missing, and {embedding} values cannot be split among {heads} heads");

        public ModelFormatException Error(string key, string what) => Metadata.Error($"metadata key {Key(key)} {what}");
    }
}
