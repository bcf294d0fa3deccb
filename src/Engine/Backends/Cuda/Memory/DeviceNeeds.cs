using AgentRuntime.Engine.Backends.Cuda.Driver;
using AgentRuntime.Engine.Backends.Cuda.Model;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cuda.Memory;

/// <summary>
/// Device memory that a model takes, by how many of its layers run there: known before anything is loaded. Buffers are
/// counted by making them on a device that only counts, so that nothing is forgotten.
/// </summary>
internal sealed class DeviceNeeds
{
    /// <summary>Left free for the kernels, the recorded graphs and the driver itself.</summary>
    public const long Reserve = 256L << 20;

    private readonly ModelConfig _config;
    private readonly CudaDeviceInfo _gpu;
    private readonly KvType _type;
    private readonly int _maxBatchTokens;
    private readonly long[] _weights;

    public DeviceNeeds(ModelFile file, CudaDeviceInfo gpu, KvType type, int maxBatchTokens)
    {
        (_config, _gpu, _type, _maxBatchTokens) = (file.RequireConfig(), gpu, type, maxBatchTokens);
        _weights = [.. Enumerable.Range(0, _config.Layers + 1).Select(layers => file.Tensors.Values
            .Where(tensor => CudaModel.Takes(file, _config.Layers - layers, tensor.Name)).Sum(tensor => CudaDevice.Round(CudaModel.DeviceBytes(tensor))))];
    }

    /// <summary>Bytes of the last layers' weights and the output matrix; with all layers, of the embedding too.</summary>
    public long Weights(int layers) => _weights[layers];

    /// <summary>Bytes of a KV block over the last layers.</summary>
    public long BlockBytes(int layers) => KvPool.BytesPerBlock(_config with { Layers = layers }, _type);

    /// <summary>Everything together.</summary>
    public long Bytes(int layers, int blocks)
    {
        var device = CudaDevice.ThatCounts(_gpu);
        // Nothing is launched, so there need be no kernels.
        _ = new RunnerMemory(device, null!, _config, layers, new() { KvBlocks = blocks, KvType = _type, MaxBatchTokens = _maxBatchTokens });
        return Weights(layers) + device.AllocatedBytes + Reserve;
    }

    /// <summary>Most KV blocks for which there is room beside the last layers; 0 when there is room for none.</summary>
    public int Blocks(int layers, long free)
    {
        int fits = 0, above = (int)Math.Clamp(free / BlockBytes(layers), 0, int.MaxValue - 1) + 1;
        while (above - fits > 1)
        {
            var middle = fits + (above - fits) / 2;
            if (Bytes(layers, middle) <= free) fits = middle;
            else above = middle;
        }
        return fits;
    }

    /// <summary>Most layers for which there is room beside so many KV blocks; 0 when there is room for none.</summary>
    public int Layers(int blocks, long free)
    {
        var layers = _config.Layers;
        while (layers > 0 && Bytes(layers, blocks) > free) layers--;
        return layers;
    }
}
