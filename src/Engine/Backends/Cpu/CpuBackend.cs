using AgentRuntime.Engine.Backends.Cpu.Attention;
using AgentRuntime.Engine.Backends.Cpu.Kernels;
using AgentRuntime.Engine.Backends.Cpu.Threading;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cpu;

/// <summary>Runs models on the processor, with the best vector instructions that it has.</summary>
public sealed class CpuBackend : IBackend
{
    /// <summary>The instructions that quantised products use on this processor, for instance <c>AVX-VNNI</c>.</summary>
    public static string Instructions => DotKernel.Best.Name;

    private const long BytesWorthAThread = 8 << 20;

    /// <inheritdoc/>
    public string Name => "cpu";

    /// <inheritdoc/>
    public long BlockBytes(ModelConfig config, KvType type) => KvStore.BytesPerBlock(config, type);

    /// <inheritdoc/>
    public long KvMemory(ModelFile model, int maxBatchTokens) => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">An option is not positive.</exception>
    public IModelRunner LoadModel(
        ModelFile model, RunnerOptions options, IProgress<double>? progress = null, CancellationToken cancellationToken = default) =>
        LoadModel(model, options, DotKernel.Best, FloatKernels.Best, progress, cancellationToken);

    /// <summary>Loads with given kernels, so that tests can run all that the processor supports.</summary>
    internal static CpuModelRunner LoadModel(
        ModelFile model, RunnerOptions options, DotKernel dot, FloatKernels kernels,
        IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.KvBlocks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxBatchTokens, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Threads);
        var threads = options.Threads == 0 ? DefaultThreads(model) : options.Threads;
        return new(model, model.RequireConfig(), options with { Threads = threads }, dot, kernels, progress, cancellationToken);
    }

    /// <summary>A core for every 8 MiB of weights, up to all: below that, threads wait for each other longer than they compute.</summary>
    private static int DefaultThreads(ModelFile model) =>
        (int)Math.Clamp(model.Tensors.Values.Sum(t => t.ByteLength) / BytesWorthAThread, 1, PhysicalCores.Count);
}
