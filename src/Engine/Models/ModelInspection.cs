using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Formats.Gguf;

namespace AgentRuntime.Engine.Models;

/// <summary>What can be said about a model file without loading it: what it is, what it needs, what stands in the way.</summary>
public sealed record ModelInspection
{
    private readonly long _kvValuesPerToken;

    private ModelInspection(ModelFile model)
    {
        var metadata = (model as GgufFile)?.Header.Metadata;
        var config = model.Config;
        Architecture = config?.Architecture ?? metadata?.Text("general.architecture");
        Name = config?.Name ?? metadata?.Text("general.name") ?? Path.GetFileNameWithoutExtension(model.Path);
        Tensors = [.. model.ListTensors()];
        Parameters = Tensors.Sum(tensor => tensor.Elements);
        WeightBytes = Tensors.Sum(tensor => tensor.ByteLength);
        Quantization = QuantizationLabel(metadata, Tensors);
        ContextLength = config?.ContextLength ?? Whole(metadata, $"{Architecture}.context_length");
        Layers = config?.Layers ?? Whole(metadata, $"{Architecture}.block_count");
        Vocabulary = model.Vocabulary?.Tokens.Count ?? config?.VocabularySize;
        Template = model.ChatTemplate is not null;
        Problem = model.Problem;
        if (config is not null) _kvValuesPerToken = (long)config.Layers * config.KvHeads * (config.HeadLength + config.ValueHeadLength);
    }

    /// <summary>Inspects an opened model.</summary>
    public static ModelInspection Of(ModelFile model) => new(model);

    /// <summary>The family as GGUF names it, also one that is not supported; null when the file states none.</summary>
    public string? Architecture { get; }

    /// <summary>The model's own name, or its file name.</summary>
    public string Name { get; }

    /// <summary>Number of weights.</summary>
    public long Parameters { get; }

    /// <summary>The quantisation's name where the file states it (<c>Q4_K_M</c>), else the type that most weights have; null without weights.</summary>
    public string? Quantization { get; }

    /// <summary>Longest context that the model was made for, in tokens.</summary>
    public int? ContextLength { get; }

    /// <summary>Number of transformer layers.</summary>
    public int? Layers { get; }

    /// <summary>Number of vocabulary entries.</summary>
    public int? Vocabulary { get; }

    /// <summary>Whether the file holds a chat template.</summary>
    public bool Template { get; }

    /// <summary>Why the model cannot be run, one sentence that names what is unsupported or missing; null when it can.</summary>
    public string? Problem { get; }

    /// <summary>Bytes that the weights take, in memory as in the file.</summary>
    public long WeightBytes { get; }

    /// <summary>All tensors, in the order of the file.</summary>
    public IReadOnlyList<TensorSummary> Tensors { get; }

    /// <summary>Bytes that the keys and values of a context take, or null for a family that is not supported.</summary>
    /// <param name="tokens">Tokens in the context.</param>
    /// <param name="type">How keys and values are stored.</param>
    public long? KvBytes(int tokens, KvType type = KvType.F16) => _kvValuesPerToken == 0 ? null : (long)Math.Ceiling(type switch
    {
        KvType.F16 => 2.0,
        KvType.F32 => 4.0,
        KvType.Q8_0 => StorageLayout.Of(StorageType.Q8_0).BitsPerValue / 8,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No such KV type."),
    } * _kvValuesPerToken * tokens);

    /// <summary>Bytes that weights and one context take together, or null for a family that is not supported.</summary>
    public long? MemoryBytes(int tokens, KvType type = KvType.F16) => WeightBytes + KvBytes(tokens, type);

    private static string? QuantizationLabel(GgufMetadata? metadata, IReadOnlyList<TensorSummary> tensors)
    {
        if (tensors.Count == 0) return null;
        var most = tensors.GroupBy(tensor => tensor.Type, StringComparer.Ordinal).MaxBy(group => group.Sum(tensor => tensor.Elements))!.Key;
        // The stated name says more than the type ("Q4_K_M"), but only where it fits what is really there.
        return Whole(metadata, "general.file_type") is { } number && FileTypes.TryGetValue(number, out var label)
            && tensors.Any(tensor => label.StartsWith(tensor.Type, StringComparison.Ordinal)) ? label : most;
    }

    /// <summary>A number, or null where the file has none or something else; an inspection does not fail for that.</summary>
    private static int? Whole(GgufMetadata? metadata, string key) =>
        metadata is not null && metadata.Values.TryGetValue(key, out var value) && value.Value is uint and <= int.MaxValue ? metadata.Integer(key) : null;

    /// <summary>Names of <c>general.file_type</c>, from the GGUF specification and llama.cpp's list.</summary>
    private static readonly Dictionary<int, string> FileTypes = new()
    {
        [0] = "F32",
        [1] = "F16",
        [2] = "Q4_0",
        [3] = "Q4_1",
        [7] = "Q8_0",
        [8] = "Q5_0",
        [9] = "Q5_1",
        [10] = "Q2_K",
        [11] = "Q3_K_S",
        [12] = "Q3_K_M",
        [13] = "Q3_K_L",
        [14] = "Q4_K_S",
        [15] = "Q4_K_M",
        [16] = "Q5_K_S",
        [17] = "Q5_K_M",
        [18] = "Q6_K",
        [21] = "Q2_K_S",
        [25] = "IQ4_NL",
        [30] = "IQ4_XS",
        [32] = "BF16",
    };
}
