using System.Globalization;
using AgentRuntime.Engine.Backends.Cuda.Memory;
using AgentRuntime.Engine.Formats.Gguf;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cuda.Model;

/// <summary>
/// The weights of a model's last layers and its output matrix, on the device; of all layers, the embedding too. Types that
/// have no kernel become halves on the way.
/// </summary>
internal sealed unsafe class CudaModel
{
    private const string EmbeddingName = "token_embd.weight", OutputName = "output.weight";

    private readonly ModelFile _file;
    private readonly Upload _upload;

    private CudaModel(ModelFile file, ModelConfig config, int firstLayer, Upload upload)
    {
        (_file, _upload) = (file, upload);
        if (Takes(file, firstLayer, EmbeddingName)) Embedding = Matrix(EmbeddingName, config.VocabularySize);
        // Without an output matrix the embedding serves as one.
        Output = Has(OutputName) ? Matrix(OutputName, config.VocabularySize) : Embedding!;
        OutputNorm = Vector("output_norm.weight");
        Layers = [.. Enumerable.Range(firstLayer, config.Layers - firstLayer).Select(i => Layer(config, $"blk.{i}."))];
        RopeFactors = Has("rope_freqs.weight") ? Floats(Find("rope_freqs.weight")) : [];
    }

    /// <summary>Null where the first layers are elsewhere.</summary>
    public CudaMatrix? Embedding { get; }

    public CudaMatrix Output { get; }

    public ulong OutputNorm { get; }

    public CudaLayer[] Layers { get; }

    /// <summary>Divisors of the rope frequencies (Llama 3), or empty.</summary>
    public float[] RopeFactors { get; }

    public static CudaModel Load(CudaDevice device, ModelFile file, ModelConfig config, int firstLayer, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        using var upload = new Upload(device, file, progress, cancellationToken);
        return new(file, config, firstLayer, upload);
    }

    /// <summary>Whether the device holds a tensor when the layers from one on run there.</summary>
    public static bool Takes(ModelFile file, int firstLayer, string tensor)
    {
        const string Layer = "blk.";
        if (tensor == EmbeddingName) return firstLayer == 0 || !file.Tensors.ContainsKey(OutputName);
        if (!tensor.StartsWith(Layer, StringComparison.Ordinal)) return true;
        var end = tensor.IndexOf('.', Layer.Length);
        return end > 0 && int.TryParse(tensor.AsSpan(Layer.Length..end), NumberStyles.None, CultureInfo.InvariantCulture, out var layer) && layer >= firstLayer;
    }

    /// <summary>Bytes that a tensor takes on the device.</summary>
    public static long DeviceBytes(Tensor tensor) => checked(PackedRows.RowBytes(tensor.Type, tensor.RowLength) * tensor.Rows);

    private CudaLayer Layer(ModelConfig config, string prefix)
    {
        var dense = config.Experts == 0;
        var (suffix, width) = dense ? (".weight", config.FeedForwardLength) : ("_exps.weight", config.ExpertFeedForwardLength);
        return new()
        {
            AttentionNorm = Vector(prefix + "attn_norm.weight"),
            Query = Matrix(prefix + "attn_q.weight", config.Heads * config.HeadLength),
            Key = Matrix(prefix + "attn_k.weight", config.KvHeads * config.HeadLength),
            Value = Matrix(prefix + "attn_v.weight", config.KvHeads * config.ValueHeadLength),
            AttentionOutput = Matrix(prefix + "attn_output.weight", config.EmbeddingLength),
            QueryBias = OptionalVector(prefix + "attn_q.bias"),
            KeyBias = OptionalVector(prefix + "attn_k.bias"),
            ValueBias = OptionalVector(prefix + "attn_v.bias"),
            QueryNorm = OptionalVector(prefix + "attn_q_norm.weight"),
            KeyNorm = OptionalVector(prefix + "attn_k_norm.weight"),
            FeedForwardNorm = Vector(prefix + "ffn_norm.weight"),
            Router = dense ? null : Matrix(prefix + "ffn_gate_inp.weight", config.Experts),
            Gate = Matrix(prefix + "ffn_gate" + suffix, width),
            Up = Matrix(prefix + "ffn_up" + suffix, width),
            Down = Matrix(prefix + "ffn_down" + suffix, config.EmbeddingLength),
        };
    }

    private CudaMatrix Matrix(string name, int rows)
    {
        var tensor = Find(name);
        var weights = _upload.Send(tensor);
        _file.Release(tensor);
        var type = StorageLayout.Of(PackedRows.TypeOf(tensor.Type)).Name.ToLowerInvariant();
        return new(type, weights, rows, tensor.RowLength, PackedRows.RowBytes(tensor.Type, tensor.RowLength));
    }

    private ulong Vector(string name) => _upload.Send(Floats(Find(name)));

    private ulong OptionalVector(string name) => Has(name) ? Vector(name) : 0;

    private static float[] Floats(Tensor tensor)
    {
        var values = new float[tensor.Elements];
        Dequantizer.ToFloat(tensor.Type, new(tensor.Data, checked((int)tensor.ByteLength)), values);
        return values;
    }

    private bool Has(string name) => _file.Tensors.ContainsKey(name);

    private Tensor Find(string name) =>
        _file.Tensors.TryGetValue(name, out var tensor) ? tensor : throw new ModelFormatException($"{_file.Path}: the tensor {name} is missing.");
}
