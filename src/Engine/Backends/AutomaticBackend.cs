using AgentRuntime.Engine.Backends.Cpu;
using AgentRuntime.Engine.Backends.Cuda;
using AgentRuntime.Engine.Backends.Cuda.Driver;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends;

/// <summary>
/// The first GPU, or the processor where it cannot be used: without a driver, with a GPU that is too old or too full, with
/// kernels that do not load. It decides when a model is loaded and says so; what is loaded stays where it is.
/// </summary>
internal sealed class AutomaticBackend : IBackend
{
    private readonly CpuBackend _cpu = new();
    private readonly CudaBackend? _gpu;
    private readonly CudaException? _noDriver;
    private readonly Action<string>? _notes;

    public AutomaticBackend(Action<string>? notes)
    {
        _notes = notes;
        try
        {
            _gpu = CudaBackend.Open();
        }
        catch (CudaException error) when (error.IsNoDriver)
        {
            // Most machines have none: nothing to speak of, unless somebody asks for it.
            _noDriver = error;
        }
        catch (CudaException error)
        {
            Tell(error);
        }
    }

    public string Name => "auto";

    public LoadPlan Plan(ModelFile model, LoadRequest request)
    {
        try
        {
            if (_gpu is not null) return _gpu.Plan(model, request);
        }
        catch (CudaException error)
        {
            Tell(error);
        }
        if (_noDriver is not null && request.GpuLayers > 0) Tell(_noDriver);
        return _cpu.Plan(model, request);
    }

    public IModelRunner LoadModel(ModelFile model, RunnerOptions options, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        try
        {
            if (_gpu is not null && options.GpuLayers is not 0) return _gpu.LoadModel(model, options, progress, cancellationToken);
        }
        catch (CudaException error)
        {
            Tell(error);
        }
        return _cpu.LoadModel(model, options, progress, cancellationToken);
    }

    private void Tell(CudaException error) => _notes?.Invoke($"{error.Message} The model runs on the processor.");
}
