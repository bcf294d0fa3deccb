using AgentRuntime.Engine.Backends.Cpu.Matrices;
using AgentRuntime.Engine.Backends.Cpu.Memory;
using AgentRuntime.Engine.Formats.Gguf;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cpu.Model;

/// <summary>All weights of a model, or its embedding and first layers.</summary>
internal sealed unsafe class CpuModel : IDisposable
{
    private readonly Tensor _embedding;

    public CpuModel(WeightLoader loader, ModelConfig config, bool whole)
    {
        _embedding = loader.Find("token_embd.weight");
        Layers = new CpuLayer[config.Layers];
        for (var i = 0; i < Layers.Length; i++) Layers[i] = CpuLayer.Load(loader, config, i);
        RopeFactors = loader.OptionalVector("rope_freqs.weight", config.RopeDimensions / 2);
        var order = Layers.SelectMany(layer => layer.Dense);
        if (whole)
        {
            OutputNorm = loader.Vector("output_norm.weight", config.EmbeddingLength);
            // Without an output matrix the embedding serves as one.
            Output = loader.Matrix(loader.Has("output.weight") ? "output.weight" : "token_embd.weight", config.VocabularySize, config.EmbeddingLength);
            order = order.Append(Output);
        }
        foreach (var (matrix, next) in order.Zip(order.Skip(1))) matrix.Next = next;
    }

    public CpuLayer[] Layers { get; }

    /// <summary>Null like <see cref="Output"/> where the last layers are elsewhere.</summary>
    public NativeBuffer? OutputNorm { get; }

    public WeightMatrix? Output { get; }

    /// <summary>Divisors of the rope frequencies (Llama 3), or null.</summary>
    public NativeBuffer? RopeFactors { get; }

    /// <summary>Writes a token's embedding.</summary>
    public void Embed(int token, float* destination) =>
        Dequantizer.ToFloat(_embedding.Type, _embedding.Row(token), new(destination, _embedding.RowLength));

    public void Dispose()
    {
        foreach (var layer in Layers) layer?.Dispose();
        OutputNorm?.Dispose();
        Output?.Dispose();
        RopeFactors?.Dispose();
    }
}
