using AgentRuntime.Engine.Backends.Cuda.Kernels;
using AgentRuntime.Engine.Backends.Cuda.Memory;

namespace AgentRuntime.Engine.Backends.Cuda.Model;

/// <summary>The end of a pass: chooses a token from each row of logits by its rule.</summary>
internal sealed unsafe class SamplingBlock
{
    /// <summary>In place of a token: too many are candidates for the kernel, so the host has to choose.</summary>
    public const int Unresolved = -2;

    /// <summary>The largest vocabulary: ids have 24 bits in the kernel's keys.</summary>
    public const int MostTokens = 1 << 24;

    private const int PartTokens = 128, PartsPerBlock = 8;

    private readonly CudaDevice _device;
    private readonly KernelModule _kernels;
    private readonly int _vocabulary;
    private readonly int _parts;
    private readonly ulong _best;
    private readonly ulong _sums;
    private readonly ulong _tokens;
    private readonly int* _host;

    public SamplingBlock(CudaDevice device, KernelModule kernels, int vocabulary)
    {
        if (vocabulary > MostTokens) throw new EngineException($"The vocabulary has {vocabulary} tokens, but the CUDA backend takes at most {MostTokens}; use --device cpu.");
        (_device, _kernels, _vocabulary) = (device, kernels, vocabulary);
        _parts = Operators.Ceiling(vocabulary, PartTokens);
        _best = device.Allocate((long)Operators.MostVectors * _parts * sizeof(ulong));
        _sums = device.AllocateFloats((long)Operators.MostVectors * _parts);
        _tokens = device.Allocate(Operators.MostVectors * sizeof(int));
        _host = (int*)device.AllocateHost(Operators.MostVectors * sizeof(int));
    }

    /// <summary>What <see cref="Run"/> chose, once the stream is done: an id for each row, -1 for none, or <see cref="Unresolved"/>.</summary>
    public ReadOnlySpan<int> Tokens => new(_host, Operators.MostVectors);

    /// <summary>Queues the choice by the rules that were sent last. Masks and penalties change the logits.</summary>
    /// <param name="logits">[row][vocabulary] on the device.</param>
    /// <param name="batch">Has the rules.</param>
    /// <param name="rows">How many rows, at most <see cref="Operators.MostVectors"/>.</param>
    public void Run(ulong logits, CudaBatch batch, int rows)
    {
        var parameters = new SampleParams
        {
            Logits = logits,
            Rules = batch.Rules,
            Lists = batch.Lists,
            Best = _best,
            Sums = _sums,
            Tokens = _tokens,
            Columns = _vocabulary,
            Parts = _parts,
        };
        _kernels.Launch(_kernels["sample_parts"], (Operators.Ceiling(_parts, PartsPerBlock), rows, 1), 256, parameters);
        _kernels.Launch(_kernels["sample_choose"], (rows, 1, 1), 1024, parameters);
        _device.Driver.CopyToHost(_host, _tokens, sizeof(int) * (long)rows, _device.Stream);
    }
}
