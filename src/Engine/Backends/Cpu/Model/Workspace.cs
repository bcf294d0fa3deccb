using AgentRuntime.Engine.Backends.Cpu.Kernels;
using AgentRuntime.Engine.Backends.Cpu.Matrices;
using AgentRuntime.Engine.Backends.Cpu.Memory;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cpu.Model;

/// <summary>
/// The buffers of a forward pass, made once for the largest batch: rows of tokens by the width that their name says.
/// </summary>
internal sealed unsafe class Workspace : IDisposable
{
    private readonly List<IDisposable> _owned = [];

    public Workspace(ModelConfig config, int maxTokens, int threads)
    {
        int queries = config.Heads * config.HeadLength, attention = config.Heads * config.ValueHeadLength;
        var dense = config.Experts == 0;
        var width = dense ? config.FeedForwardLength : config.ExpertFeedForwardLength;
        var feedForwardRows = dense ? maxTokens : checked(maxTokens * config.ExpertsUsed);
        MaxTokens = maxTokens;
        Tokens = Ints(maxTokens);
        Positions = Ints(maxTokens);
        SequenceOf = Ints(maxTokens);
        Identity = Ints(feedForwardRows);
        for (var i = 0; i < feedForwardRows; i++) Identity[i] = i;
        Hidden = Floats(maxTokens, config.EmbeddingLength);
        Query = Floats(maxTokens, queries);
        Key = Floats(maxTokens, config.KvHeads * config.HeadLength);
        Value = Floats(maxTokens, config.KvHeads * config.ValueHeadLength);
        Up = Floats(feedForwardRows, width);
        Normed = Own(new Activations(maxTokens, config.EmbeddingLength, precise: !dense));
        Attention = Own(new Activations(maxTokens, attention, precise: !dense));
        Gate = Own(new Activations(feedForwardRows, width, precise: !dense));
        var maxColumns = Math.Max(Math.Max(config.EmbeddingLength, attention), width);
        Scratch = new ThreadScratch[threads];
        for (var i = 0; i < threads; i++) Scratch[i] = Own(new ThreadScratch(maxColumns, precise: !dense));
    }

    public int MaxTokens { get; }

    /// <summary>Token ids of the batch.</summary>
    public int* Tokens { get; }

    /// <summary>Positions of the tokens in their sequences.</summary>
    public int* Positions { get; }

    /// <summary>Which sequence of the batch each token belongs to.</summary>
    public int* SequenceOf { get; }

    /// <summary>0, 1, 2 …: the input rows of a product over all tokens.</summary>
    public int* Identity { get; }

    /// <summary>The residual stream.</summary>
    public float* Hidden { get; }

    public float* Query { get; }
    public float* Key { get; }
    public float* Value { get; }

    /// <summary>Up projections; with experts a row for each token and chosen expert.</summary>
    public float* Up { get; }

    /// <summary>Normed residual stream.</summary>
    public Activations Normed { get; }

    /// <summary>Results of attention.</summary>
    public Activations Attention { get; }

    /// <summary>Gate projections, then silu(gate) · up; with experts a row for each token and chosen expert.</summary>
    public Activations Gate { get; }

    /// <summary>A scratch area for each thread.</summary>
    public ThreadScratch[] Scratch { get; }

    /// <summary>Makes a buffer that lives as long as this.</summary>
    public float* Floats(long rows, long width) => Own(NativeBuffer.OfFloats(checked(rows * width))).Floats;

    /// <summary>Makes a buffer that lives as long as this.</summary>
    public int* Ints(long count) => (int*)Own(new NativeBuffer(checked(count * sizeof(int)))).Bytes;

    public void Dispose()
    {
        foreach (var owned in _owned) owned.Dispose();
    }

    private T Own<T>(T value) where T : IDisposable
    {
        _owned.Add(value);
        return value;
    }
}
