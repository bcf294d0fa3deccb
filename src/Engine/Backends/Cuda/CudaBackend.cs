using AgentRuntime.Engine.Backends.Cpu;
using AgentRuntime.Engine.Backends.Cuda.Diagnostics;
using AgentRuntime.Engine.Backends.Cuda.Driver;
using AgentRuntime.Engine.Backends.Cuda.Memory;
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
    /// <exception cref="CudaException">There is no driver, or none of its GPUs can be used; the sentence says why.</exception>
    public static IReadOnlyList<CudaDeviceInfo> Devices()
    {
        var driver = CudaDriver.Load();
        return [.. Enumerable.Range(0, driver.DeviceCount).Select(driver.Device)];
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
        return new CudaModelRunner(_driver, _ordinal, model, model.RequireConfig(), options, progress, cancellationToken);
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
