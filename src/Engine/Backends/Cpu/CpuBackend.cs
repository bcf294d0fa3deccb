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

    /// <summary>A quarter of the machine's memory is for keys and values when the caller sets no limit.</summary>
    public LoadPlan Plan(ModelFile model, LoadRequest request)
    {
        var blockBytes = KvStore.BytesPerBlock(model.RequireConfig(), request.KvType);
        return new(0, blockBytes, (request.MemoryLimit ?? KvMemory) / blockBytes);
    }

    /// <summary>Bytes that keys and values may take when nobody sets a limit.</summary>
    internal static long KvMemory => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4;

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">An option is not positive.</exception>
    public IModelRunner LoadModel(
        ModelFile model, RunnerOptions options, IProgress<double>? progress = null, CancellationToken cancellationToken = default) =>
        LoadModel(model, options, DotKernel.Best, FloatKernels.Best, progress, cancellationToken);

    /// <summary>Loads with given kernels, so that tests can run all that the processor supports.</summary>
    internal static CpuModelRunner LoadModel(
        ModelFile model, RunnerOptions options, DotKernel dot, FloatKernels kernels,
        IProgress<double>? progress = null, CancellationToken cancellationToken = default) =>
        new(model, model.RequireConfig(), Checked(model, options), dot, kernels, wholeModel: true, progress, cancellationToken);

    /// <summary>Loads the embedding and the first layers, for a runner that has the others.</summary>
    internal static CpuModelRunner LoadFront(
        ModelFile model, int layers, RunnerOptions options, IProgress<double>? progress, CancellationToken cancellationToken) =>
        new(model, model.RequireConfig() with { Layers = layers }, Checked(model, options), DotKernel.Best, FloatKernels.Best, wholeModel: false, progress, cancellationToken);

    /// <summary>The options with defaults filled in.</summary>
    private static RunnerOptions Checked(ModelFile model, RunnerOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.KvBlocks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxBatchTokens, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(options.Threads);
        return options with { Threads = options.Threads == 0 ? DefaultThreads(model) : options.Threads, GpuLayers = null };
    }

    /// <summary>A core for every 8 MiB of weights, up to all: below that, threads wait for each other longer than they compute.</summary>
    private static int DefaultThreads(ModelFile model) =>
        (int)Math.Clamp(model.Tensors.Values.Sum(t => t.ByteLength) / BytesWorthAThread, 1, PhysicalCores.Count);
}
