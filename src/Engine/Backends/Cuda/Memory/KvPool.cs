using AgentRuntime.Engine.Backends.Cuda.Kernels;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cuda.Memory;

/// <summary>
/// The KV blocks on the device, one after the other: a block holds all layers, so that copying or saving one is one
/// copy. native/kernels/src/params.h (KvLayout) has the order within it.
/// </summary>
internal sealed unsafe class KvPool
{
    private const int Tokens = RunnerOptions.BlockTokens;

    private readonly CudaDevice _device;
    private readonly KvLayout _layout;
    private readonly byte* _staging;

    /// <param name="device">The device.</param>
    /// <param name="config">The model's hyperparameters.</param>
    /// <param name="type">How keys and values are stored.</param>
    /// <param name="blocks">How many blocks.</param>
    public KvPool(CudaDevice device, ModelConfig config, KvType type, int blocks)
    {
        _device = device;
        BlockBytes = checked((int)BytesPerBlock(config, type));
        Layers = config.Layers;
        var keyTile = TileBytes(config.HeadLength, type);
        _layout = new()
        {
            Data = device.Allocate(checked((long)BlockBytes * blocks)),
            BlockBytes = (ulong)BlockBytes,
            HeadBytes = keyTile + TileBytes(ValueStride(config), type),
            KeyTileBytes = keyTile,
            Type = type switch { KvType.F16 => 0, KvType.F32 => 1, _ => 2 },
            KeyLength = config.HeadLength,
            ValueLength = config.ValueHeadLength,
            ValueStride = ValueStride(config),
            KvHeads = config.KvHeads,
        };
        _staging = (byte*)device.AllocateHost(BlockBytes);
    }

    public int BlockBytes { get; }

    public int Layers { get; }

    /// <summary>A layer's part of a block.</summary>
    public int LayerBytes => BlockBytes / Layers;

    public static long BytesPerBlock(ModelConfig config, KvType type) =>
        checked((long)config.Layers * config.KvHeads * (TileBytes(config.HeadLength, type) + TileBytes(ValueStride(config), type)));

    /// <summary>Where a layer's keys and values lie.</summary>
    public KvLayout Layer(int layer)
    {
        var layout = _layout;
        layout.LayerOffset = (ulong)layer * (ulong)LayerBytes;
        return layout;
    }

    public void Copy(int source, int destination) => _device.Driver.CopyOnDevice(Address(destination), Address(source), BlockBytes, _device.Stream);

    public void Read(int block, Span<byte> destination)
    {
        _device.Driver.CopyToHost(_staging, Address(block), BlockBytes, _device.Stream);
        _device.Synchronize();
        new ReadOnlySpan<byte>(_staging, BlockBytes).CopyTo(destination);
    }

    public void Write(int block, ReadOnlySpan<byte> source)
    {
        source[..BlockBytes].CopyTo(new(_staging, BlockBytes));
        _device.Driver.CopyToDevice(Address(block), _staging, BlockBytes, _device.Stream);
        _device.Synchronize();
    }

    // Values are read eight at a time.
    private static int ValueStride(ModelConfig config) => checked((config.ValueHeadLength + 7) / 8 * 8);

    private static int TileBytes(int length, KvType type) => checked(Tokens * (type switch
    {
        KvType.F32 => 4 * length,
        KvType.F16 => 2 * length,
        _ => length + 2 * ((length + 31) / 32),
    }));

    /// <summary>Where a block lies.</summary>
    public ulong Address(int block) => _layout.Data + (ulong)block * _layout.BlockBytes;
}
