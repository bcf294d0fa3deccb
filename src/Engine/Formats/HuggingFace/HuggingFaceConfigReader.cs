using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Formats.HuggingFace;

/// <summary>The hyperparameters in a Hugging Face folder's <c>config.json</c>.</summary>
internal static class HuggingFaceConfigReader
{
    private const int Wide = ModelConfigCheck.LargestWidth;

    /// <summary>GGUF's family names for those of transformers.</summary>
    private static readonly Dictionary<string, string> Families = new(StringComparer.Ordinal)
    {
        ["llama"] = "llama",
        ["mistral"] = "llama",
        ["mixtral"] = "llama",
        ["qwen2"] = "qwen2",
        ["qwen3"] = "qwen3",
        ["qwen3_moe"] = "qwen3moe",
    };

    /// <summary>Reads and checks them.</summary>
    /// <param name="json">The contents of config.json.</param>
    /// <param name="name">Name of the model.</param>
    /// <returns>The hyperparameters of a supported family; what keeps the model from being run; Llama 3's rope factors, if any.</returns>
    /// <exception cref="ModelFormatException">They are incomplete, of a wrong type, out of range, or contradict each other.</exception>
    public static (ModelConfig? Config, string? Problem, float[]? RopeFactors) Read(JsonFields json, string name)
    {
        if (json.Text("model_type") is not { } type) throw json.Error("\"model_type\" is missing");
        if (!Families.TryGetValue(type, out var architecture))
            return (null, $"config.json: the model family {type} is not supported (supported: {string.Join(", ", Families.Keys)}).", null);
        var config = Config(json, architecture, name);
        Check(config);
        var (scaling, factors, problem) = Scaling(json, config);
        config = config with { RopeScaling = scaling };
        Check(config);
        return (config, problem ?? Unsupported(json, config), factors);

        void Check(ModelConfig config)
        {
            if (ModelConfigCheck.Problem(config) is { } wrong) throw json.Error(wrong);
        }
    }

    private static ModelConfig Config(JsonFields json, string architecture, string name)
    {
        var embedding = Required(json, "hidden_size", Wide);
        var heads = Required(json, "num_attention_heads", Wide);
        var headLength = json.Integer("head_dim", 1, Wide) ?? (embedding % heads == 0
            ? embedding / heads
            : throw json.Error($"\"head_dim\" is missing, and {embedding} values cannot be split among {heads} heads"));
        var experts = json.Integer("num_experts", 0, Wide) ?? json.Integer("num_local_experts", 0, Wide) ?? 0;
        if (ModelFamily.Find(architecture)!.Experts is { } expected && expected != experts > 0)
            throw json.Error(expected ? "\"num_experts\" is missing" : $"the family {architecture} has no experts");
        return new()
        {
            Architecture = architecture,
            Name = name,
            Layers = Required(json, "num_hidden_layers", ModelConfigCheck.MostLayers),
            EmbeddingLength = embedding,
            FeedForwardLength = Required(json, "intermediate_size", Wide),
            Heads = heads,
            KvHeads = json.Integer("num_key_value_heads", 1, Wide) ?? heads,
            HeadLength = headLength,
            ValueHeadLength = headLength,
            VocabularySize = Required(json, "vocab_size", Wide),
            ContextLength = Required(json, "max_position_embeddings", int.MaxValue),
            RmsEpsilon = json.Number("rms_norm_eps") ?? throw json.Error("\"rms_norm_eps\" is missing"),
            RopeBase = json.Number("rope_theta") ?? json.Object("rope_parameters")?.Number("rope_theta") ?? 10000,
            RopeDimensions = (int)(headLength * (json.Number("partial_rotary_factor") ?? 1)),
            RopeHalfSplit = true,
            SlidingWindow = json.Boolean("use_sliding_window") == false ? 0 : json.Integer("sliding_window", 0) ?? 0,
            Experts = experts,
            ExpertsUsed = experts > 0 ? Required(json, "num_experts_per_tok", experts) : 0,
            ExpertFeedForwardLength = experts > 0 ? json.Integer("moe_intermediate_size", 1, Wide) ?? Required(json, "intermediate_size", Wide) : 0,
            // Mixtral always scales the weights; Qwen says so.
            NormalizeExpertWeights = experts > 0 && (json.Boolean("norm_topk_prob") ?? architecture == "llama"),
        };
    }

    private static (RopeScaling Scaling, float[]? Factors, string? Problem) Scaling(JsonFields json, ModelConfig config)
    {
        if ((json.Object("rope_scaling") ?? json.Object("rope_parameters")) is not { } scaling) return (RopeScaling.None, null, null);
        var type = scaling.Text("rope_type") ?? scaling.Text("type") ?? "default";
        var factor = scaling.Number("factor") ?? 1;
        if (factor <= 0) throw json.Error($"the factor of rope scaling is {factor}, expected more than 0");
        var original = scaling.Integer("original_max_position_embeddings") ?? config.ContextLength;
        switch (type)
        {
            case "default":
                return (RopeScaling.None, null, null);
            case "linear":
                return (new(RopeScalingKind.Linear, factor), null, null);
            case "yarn":
                // Stated, the attention factor is the whole; our field multiplies what YaRN derives from the factor.
                var derived = 1 + 0.1f * MathF.Log(Math.Max(factor, 1));
                return (new(RopeScalingKind.Yarn, factor, original, (scaling.Number("attention_factor") ?? derived) / derived,
                    scaling.Number("beta_fast") ?? 32, scaling.Number("beta_slow") ?? 1), null, null);
            case "llama3":
                float low = scaling.Number("low_freq_factor") ?? 1, high = scaling.Number("high_freq_factor") ?? 4;
                if (low <= 0 || high <= low) throw json.Error($"rope scaling has the frequency factors {low} and {high}, expected 0 < low < high");
                return (RopeScaling.None, Llama3RopeFactors.Compute(config.RopeDimensions, config.RopeBase, factor, low, high, original), null);
            default:
                return (RopeScaling.None, null, $"config.json: rope scaling of type {type} is not supported.");
        }
    }

    /// <summary>What the file asks for that the forward pass does not do.</summary>
    private static string? Unsupported(JsonFields json, ModelConfig config)
    {
        if (json.Get("quantization_config") is not null)
            return "config.json: quantized safetensors are not supported; use the original weights or a GGUF file.";
        if ((json.Text("hidden_act") ?? "silu") is not "silu" and var activation)
            return $"config.json: the activation {activation} is not supported.";
        if (config.Experts > 0 && (json.Items("mlp_only_layers").Any() || json.Integer("decoder_sparse_step") is > 1))
            return "config.json: a mix of dense and expert layers is not supported.";
        if (config.SlidingWindow > 0 && json.Boolean("use_sliding_window") == true)
            return "config.json: sliding windows in a part of the layers are not supported.";
        return null;
    }

    private static int Required(JsonFields json, string key, int maximum) =>
        json.Integer(key, 1, maximum) ?? throw json.Error($"\"{key}\" is missing");
}
