using System.Globalization;
using AgentRuntime.Cli.Output;
using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Backends.Cuda;
using AgentRuntime.Engine.Backends.Cuda.Diagnostics;
using AgentRuntime.Engine.Backends.Cuda.Driver;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Cli.Hosting;

/// <summary>How a model fits a GPU, or why there is none, to be shown.</summary>
internal sealed class GpuFitting
{
    private readonly GpuFit? _fit;
    private readonly int _context;
    private readonly string? _problem;

    private GpuFitting(GpuFit? fit, int context, string? problem) => (_fit, _context, _problem) = (fit, context, problem);

    /// <param name="model">A model that can be run.</param>
    /// <param name="context">Tokens of the context that is wanted.</param>
    /// <param name="device">As in <c>--device</c>; null is returned for the processor.</param>
    public static GpuFitting? Of(ModelFile model, int context, string device)
    {
        try
        {
            return Devices.Open(device == "auto" ? "cuda" : device) is CudaBackend gpu ? new(gpu.Fit(model, context), context, null) : null;
        }
        catch (CudaException error)
        {
            return new(null, context, error.Message);
        }
    }

    public object Json => _fit is null ? new { Problem = _problem } : new
    {
        Device = string.Create(CultureInfo.InvariantCulture, $"cuda:{_fit.Ordinal}"),
        _fit.Name,
        _fit.FreeBytes,
        _fit.WeightBytes,
        KvBytesPerThousandTokens = 1000 * _fit.KvBytesPerToken,
        _fit.Layers,
        _fit.FittingLayers,
        FittingContext = _context,
        _fit.LongestContext,
    };

    public string Text => _fit is null ? "none: " + _problem : string.Create(
        CultureInfo.InvariantCulture,
        $"cuda:{_fit.Ordinal} {_fit.Name}, {Sizes.Megabytes(_fit.FreeBytes)} free for {Sizes.Megabytes(_fit.WeightBytes)} of weights and {Sizes.Megabytes(1000 * _fit.KvBytesPerToken)} per 1,000 tokens of context: {Answer(_fit)}");

    private string Answer(GpuFit fit)
    {
        var whole = fit.LongestContext == 0 ? "not all layers fit" : string.Create(CultureInfo.InvariantCulture, $"all {fit.Layers} layers fit with up to {fit.LongestContext:N0} tokens");
        return fit.FittingLayers == fit.Layers ? whole : string.Create(CultureInfo.InvariantCulture, $"{whole}, {fit.FittingLayers} of {fit.Layers} with {_context:N0}");
    }
}
