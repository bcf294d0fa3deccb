using AgentRuntime.Engine.Backends.Cpu;
using AgentRuntime.Engine.Backends.Cuda.Diagnostics;
using AgentRuntime.Engine.Backends.Cuda.Driver;
using AgentRuntime.Engine.Backends.Cuda.Memory;
using AgentRuntime.Engine.Backends.Cuda.Model;
using AgentRuntime.Engine.KvCache;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cuda;

/// <summary>Runs models on an NVIDIA GPU of compute capability 8.0 or later; needs the driver and nothing else.</summary>
public sealed class CudaBackend : IBackend
{
    private readonly ICudaDriver _driver;
    private readonly int _ordinal;

    private CudaBackend(ICudaDriver driver, int ordinal) => (_driver, _ordinal) = (driver, ordinal);

    /// <inheritdoc/>
    public string Name => "cuda";

    /// <summary>Opens a GPU.</summary>
    /// <param name="ordinal">Its number, from 0.</param>
    /// <exception cref="CudaException">There is no driver, it is too old, or there is no such GPU.</exception>
    public static CudaBackend Open(int ordinal = 0)
    {
        var driver = CudaDriver.Load();
        driver.Device(ordinal);
        return new(driver, ordinal);
    }

    /// <summary>The GPUs of this machine, for display.</summary>
    /// <exception cref="CudaException">There is no driver, it is too old, or it finds no GPU; the sentence says which.</exception>
    public static IReadOnlyList<GpuReport> Reports()
    {
        var driver = CudaDriver.Load();
        return [.. Enumerable.Range(0, driver.DeviceCount).Select(ordinal => Report(driver, ordinal))];
    }

    /// <summary>Whether and how a model fits the GPU's free memory, before anything is loaded.</summary>
    /// <param name="model">A model that can be run.</param>
    /// <param name="context">Tokens of the context that is wanted, at least 1.</param>
    /// <param name="kvType">How keys and values are stored.</param>
    /// <param name="maxBatchTokens">Most tokens in one forward pass.</param>
    /// <exception cref="CudaException">The GPU cannot be used.</exception>
    public GpuFit Fit(ModelFile model, int context, KvType kvType = KvType.F16, int maxBatchTokens = 512)
    {
        using var device = new CudaDevice(_driver, _ordinal);
        var (config, free) = (model.RequireConfig(), device.Driver.FreeMemory());
        var needs = new DeviceNeeds(model, device.Info, kvType, maxBatchTokens);
        var longest = (needs.Blocks(config.Layers, free) - 1L) * RunnerOptions.BlockTokens;
        return new(
            _ordinal, device.Info.Name, free, needs.Weights(config.Layers), needs.BlockBytes(config.Layers) / RunnerOptions.BlockTokens, config.Layers,
            needs.Layers(KvBudget.BlocksFor(context), free), (int)Math.Clamp(longest, 0, config.ContextLength));
    }

    /// <summary>As many layers as fit run on the GPU, the last ones: they read the output matrix, which every token needs whole, while the embedding gives each token a row.</summary>
    /// <inheritdoc/>
    /// <exception cref="CudaException">The GPU cannot be used, or has room for no layer.</exception>
    public LoadPlan Plan(ModelFile model, LoadRequest request)
    {
        if (request.GpuLayers == 0) return new CpuBackend().Plan(model, request);
        using var device = new CudaDevice(_driver, _ordinal);
        return LayerPlan.Make(model, request, device.Info, device.Driver.FreeMemory());
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">An option is not positive.</exception>
    /// <exception cref="CudaException">The device has too little memory, or failed.</exception>
    public IModelRunner LoadModel(
        ModelFile model, RunnerOptions options, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.KvBlocks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxBatchTokens, 1);
        if (options.GpuLayers == 0) return new CpuBackend().LoadModel(model, options, progress, cancellationToken);
        var runner = new CudaModelRunner(_driver, _ordinal, model, model.RequireConfig(), options, progress, cancellationToken);
        try
        {
            TryOut(runner);
            return runner;
        }
        catch
        {
            runner.Dispose();
            throw;
        }
    }

    /// <summary>Decodes a token, and computes a few at once: the driver compiles the kernels now, and what it cannot run shows before anybody relies on it.</summary>
    private static void TryOut(CudaModelRunner runner)
    {
        var logits = new float[runner.Config.VocabularySize];
        runner.Forward(new([0], [new SequenceSlice(0, 1, 0, [0])], [0]), logits);
        var several = Math.Min(Operators.MostVectors + 1, runner.Options.MaxBatchTokens);
        runner.Forward(new(new int[several], [new SequenceSlice(0, several, 0, [0])], [several - 1]), logits);
    }

    private static GpuReport Report(CudaDriver driver, int ordinal)
    {
        var (info, version) = (driver.Device(ordinal), $"{driver.Version / 1000}.{driver.Version % 1000 / 10}");
        try
        {
            using var device = new CudaDevice(driver, ordinal);
            return new(info, version, driver.FreeMemory(), null);
        }
        catch (CudaException error)
        {
            return new(info, version, null, error.Message);
        }
    }

    /// <summary>Times single kernels and copies on the device, and gives each row when it is ready.</summary>
    /// <param name="small">Tiny sizes and single runs: shows that everything works, not how fast.</param>
    /// <param name="cancellationToken">Stops between two rows.</param>
    /// <exception cref="CudaException">The device has too little memory, or failed.</exception>
    public IEnumerable<KernelBenchmarkRow> MeasureKernels(bool small = false, CancellationToken cancellationToken = default)
    {
        using var benchmark = new KernelBenchmark(_driver, _ordinal, small);
        foreach (var row in benchmark.Run(cancellationToken)) yield return row;
    }
}
