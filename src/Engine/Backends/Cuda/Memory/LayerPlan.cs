using AgentRuntime.Engine.Backends.Cpu;
using AgentRuntime.Engine.Backends.Cpu.Attention;
using AgentRuntime.Engine.Backends.Cuda.Driver;
using AgentRuntime.Engine.KvCache;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cuda.Memory;

/// <summary>Divides a model between a GPU and the processor.</summary>
internal static class LayerPlan
{
    /// <summary>As many layers on the GPU as fit beside the wanted context, or as many as were asked for.</summary>
    /// <param name="file">The model.</param>
    /// <param name="request">What has to fit.</param>
    /// <param name="gpu">The GPU.</param>
    /// <param name="free">Bytes that are free on it.</param>
    /// <exception cref="CudaException">There is room for no layer.</exception>
    /// <exception cref="EngineException">There is no room for the layers that were asked for.</exception>
    public static LoadPlan Make(ModelFile file, LoadRequest request, CudaDeviceInfo gpu, long free)
    {
        var config = file.RequireConfig();
        var needs = new DeviceNeeds(file, gpu, request.KvType, request.MaxBatchTokens);
        var wanted = KvBudget.BlocksFor(request.Context);
        // A limit says how much context there will be at most, whatever runs where.
        if (request.MemoryLimit is { } most) wanted = (int)Math.Clamp(most / needs.BlockBytes(config.Layers), 1, wanted);
        var fitting = needs.Layers(wanted, free);
        var layers = request.GpuLayers is { } asked ? Math.Min(asked, config.Layers) : fitting;
        if (layers > fitting)
            throw new EngineException(
                $"{layers} layers of {config.Name} need {Megabytes(needs.Bytes(layers, wanted))} MB on {gpu.Name} with a context of {request.Context} tokens, " +
                $"but {Megabytes(free)} MB are free; use --gpu-layers {fitting} or fewer, or shorten the context.");
        if (layers == 0)
            throw new CudaException(
                $"{gpu.Name} has {Megabytes(free)} MB free, but one layer of {config.Name} needs {Megabytes(needs.Bytes(1, wanted))} MB with its output matrix and " +
                $"a context of {request.Context} tokens; free some of it, shorten the context, or use --device cpu.");

        var front = config.Layers - layers;
        var (deviceBytes, hostBytes) = (needs.BlockBytes(layers), KvStore.BytesPerBlock(config with { Layers = front }, request.KvType));
        long blocks = needs.Blocks(layers, free);
        if (request.MemoryLimit is { } limit) blocks = Math.Min(blocks, limit / (deviceBytes + hostBytes));
        else if (front > 0) blocks = Math.Min(blocks, Math.Max(wanted, CpuBackend.KvMemory / hostBytes));
        return new(layers, deviceBytes + hostBytes, blocks, front == 0 ? null : $"{layers} of {config.Layers} layers of {config.Name} run on {gpu.Name}, the rest on the processor.");
    }

    private static long Megabytes(long bytes) => (bytes + (1 << 20) - 1) >> 20;
}
