using System.Text;
using AgentRuntime.Engine.Formats.Gguf;

namespace AgentRuntime.Engine.Tests.Formats.Gguf;

/// <summary>Builds GGUF files that may be wrong in any way.</summary>
internal sealed class RawGguf
{
    public sealed record Tensor(string Name, long[] Shape, uint Type, ulong Offset);

    public uint Version { get; set; } = 3;

    public List<(string Key, object Value)> Pairs { get; } = [];

    public List<Tensor> Tensors { get; } = [];

    /// <summary>What to state as the numbers of tensors and pairs, if not the true ones.</summary>
    public ulong? TensorCount { get; set; }

    public ulong? PairCount { get; set; }

    /// <summary>Bytes after the header, padding excluded.</summary>
    public int DataBytes { get; set; }

    public object this[string key]
    {
        set
        {
            var index = Pairs.FindIndex(pair => pair.Key == key);
            if (index < 0) Pairs.Add((key, value));
            else Pairs[index] = (key, value);
        }
    }

    /// <summary>Adds a tensor of 4-byte values behind the others.</summary>
    public void AddTensor(string name, uint type, params long[] shape)
    {
        Tensors.Add(new(name, shape, type, (ulong)DataBytes));
        DataBytes += (int)(shape.Aggregate(4L, (a, b) => a * b) + 31) / 32 * 32;
    }

    /// <summary>A complete model of the llama family: 1 layer, width 4, 1 head, 8 tokens, all F32.</summary>
    public static RawGguf Llama()
    {
        var file = new RawGguf
        {
            ["general.architecture"] = "llama",
            ["llama.block_count"] = 1u,
            ["llama.context_length"] = 16u,
            ["llama.embedding_length"] = 4u,
            ["llama.feed_forward_length"] = 8u,
            ["llama.attention.head_count"] = 1u,
            ["llama.attention.layer_norm_rms_epsilon"] = 1e-5f,
            ["tokenizer.ggml.model"] = "llama",
            ["tokenizer.ggml.tokens"] = new[] { "<unk>", "<s>", "</s>", "<0x0A>", "a", "b", "ab", "c" },
            ["tokenizer.ggml.token_type"] = new[] { 2, 3, 3, 6, 1, 1, 1, 1 },
            ["tokenizer.ggml.scores"] = new[] { 0f, 0, 0, 0, -1, -2, -3, -4 },
            ["tokenizer.ggml.bos_token_id"] = 1u,
        };
        file.AddTensor("token_embd.weight", 0, 4, 8);
        file.AddTensor("output_norm.weight", 0, 4);
        foreach (var name in new[] { "attn_norm", "ffn_norm" }) file.AddTensor($"blk.0.{name}.weight", 0, 4);
        foreach (var name in new[] { "attn_q", "attn_k", "attn_v", "attn_output" }) file.AddTensor($"blk.0.{name}.weight", 0, 4, 4);
        foreach (var name in new[] { "ffn_gate", "ffn_up" }) file.AddTensor($"blk.0.{name}.weight", 0, 4, 8);
        file.AddTensor("blk.0.ffn_down.weight", 0, 8, 4);
        return file;
    }

    public byte[] ToArray()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write(TensorCount ?? (ulong)Tensors.Count);
        writer.Write(PairCount ?? (ulong)Pairs.Count);
        foreach (var (key, value) in Pairs)
        {
            Write(writer, key);
            if (value is byte[] raw)
            {
                writer.Write(raw); // type and value as given
                continue;
            }
            var array = value as Array;
            if (array is not null) writer.Write(9u);
            writer.Write(TypeOf(array?.GetValue(0) ?? value));
            if (array is not null) writer.Write((ulong)array.Length);
            foreach (var item in array ?? new[] { value }) Write(writer, item);
        }
        foreach (var tensor in Tensors)
        {
            Write(writer, tensor.Name);
            writer.Write(tensor.Shape.Length);
            foreach (var size in tensor.Shape) writer.Write(size);
            writer.Write(tensor.Type);
            writer.Write(tensor.Offset);
        }
        while (stream.Position % GgufLimits.DefaultAlignment != 0) writer.Write((byte)0);
        writer.Write(new byte[DataBytes]);
        return stream.ToArray();
    }

    private static uint TypeOf(object value) => value switch
    {
        int => 5,
        uint => 4,
        float => 6,
        bool => 7,
        string => 8,
        ulong => 10,
        _ => throw new ArgumentException("Not needed so far."),
    };

    private static void Write(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case int v: writer.Write(v); break;
            case uint v: writer.Write(v); break;
            case float v: writer.Write(v); break;
            case bool v: writer.Write(v); break;
            case ulong v: writer.Write(v); break;
            case string v:
                writer.Write((ulong)Encoding.UTF8.GetByteCount(v));
                writer.Write(Encoding.UTF8.GetBytes(v));
                break;
        }
    }
}
