using System.Runtime.CompilerServices;
using AgentRuntime.Engine.Backends.Cpu.Kernels;
using AgentRuntime.Engine.Backends.Cpu.Memory;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cpu.Attention;

/// <summary>
/// The KV blocks: layer after layer, block after block, head after head, a tile of keys and a tile of values, as the
/// attention kernels read them. F32: keys [dimension][token], values [token][dimension]. Q8_0: the same of bytes, then F16
/// scales, of keys [dimension / 32][token], of values [token][dimension / 32]. F16: 16-bit integers in pairs
/// (<see cref="FixedAttentionKernel{TLanes, V}"/>), keys [dimension / 2][token][2], values [token / 2][dimension][2], then
/// a float scale for each token.
/// </summary>
internal sealed unsafe class KvStore : IDisposable
{
    private const int Tokens = RunnerOptions.BlockTokens;

    private readonly ModelConfig _config;
    private readonly KvType _type;
    private readonly FloatKernels _kernels;
    private readonly NativeBuffer _data;
    private readonly int _keyTileBytes;
    private readonly int _layerBlockBytes;
    private readonly int _headBytes;
    private readonly int _blocks;

    public KvStore(ModelConfig config, KvType type, int blocks, FloatKernels kernels)
    {
        _config = config;
        _type = type;
        _blocks = blocks;
        _kernels = kernels;
        _keyTileBytes = KeyTileBytes(config.HeadLength, type);
        _headBytes = _keyTileBytes + ValueTileBytes(config.ValueHeadLength, type);
        _layerBlockBytes = checked(_headBytes * config.KvHeads);
        BlockBytes = checked((int)BytesPerBlock(config, type));
        _data = new NativeBuffer(checked((long)BlockBytes * blocks));
    }

    /// <summary>Bytes of a block over all layers.</summary>
    public int BlockBytes { get; }

    /// <summary>What the blocks hold.</summary>
    public KvType Type => _type;

    public static long BytesPerBlock(ModelConfig config, KvType type) =>
        checked((long)config.Layers * config.KvHeads * (KeyTileBytes(config.HeadLength, type) + ValueTileBytes(config.ValueHeadLength, type)));

    /// <summary>Stores one token's key and value of a head at a slot of a block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(int layer, int block, int head, int slot, float* key, float* value)
    {
        byte* keys = Tile(layer, block, head), values = keys + _keyTileBytes;
        int keyLength = _config.HeadLength, valueLength = _config.ValueHeadLength;
        switch (_type)
        {
            case KvType.F32:
                for (var d = 0; d < keyLength; d++) ((float*)keys)[d * Tokens + slot] = key[d];
                new Span<float>(value, valueLength).CopyTo(new((float*)values + slot * valueLength, valueLength));
                break;
            case KvType.F16:
                var integers = stackalloc short[Math.Max(keyLength, valueLength) + 1];
                integers[keyLength] = 0; // An odd length leaves half a pair.
                FixedKeyScales(layer, block, head)[slot] = _kernels.RoundToFixed(key, keyLength, FixedLimits.Largest, integers);
                for (var d = 0; d < keyLength + keyLength % 2; d += 2) ((int*)keys)[d / 2 * Tokens + slot] = *(int*)(integers + d);
                FixedValueScales(layer, block, head)[slot] = _kernels.RoundToFixed(value, valueLength, FixedLimits.Largest, integers);
                var pair = (short*)values + slot / 2 * 2 * FixedValueStride(valueLength) + slot % 2;
                for (var d = 0; d < valueLength; d++) pair[2 * d] = integers[d];
                break;
            default:
                Quantize(key, keyLength, (sbyte*)keys + slot, Tokens, (Half*)(keys + keyLength * Tokens) + slot, Tokens);
                Quantize(
                    value, valueLength, (sbyte*)values + slot * valueLength, 1,
                    (Half*)(values + valueLength * Tokens) + slot * Groups(valueLength), 1);
                break;
        }
    }

    /// <summary>Dimensions of an F16 value tile, rounded up to whole pairs of the widest vectors.</summary>
    public static int FixedValueStride(int length) => (length + 31) / 32 * 32;

    /// <summary>The integers of an F16 key tile.</summary>
    public int* FixedKeys(int layer, int block, int head) => (int*)Tile(layer, block, head);

    /// <summary>The scales of an F16 key tile's tokens.</summary>
    public float* FixedKeyScales(int layer, int block, int head) => ScalesOf(Tile(layer, block, head) + _keyTileBytes);

    /// <summary>The integers of an F16 value tile.</summary>
    public int* FixedValues(int layer, int block, int head) => (int*)(Tile(layer, block, head) + _keyTileBytes);

    /// <summary>The scales of an F16 value tile's tokens.</summary>
    public float* FixedValueScales(int layer, int block, int head) => ScalesOf(Tile(layer, block, head) + _headBytes);

    /// <summary>A key tile of F32 or Q8_0 as floats, [dimension][token]: in place, or in <paramref name="scratch"/>.</summary>
    public float* Keys(int layer, int block, int head, float* scratch)
    {
        var tile = Tile(layer, block, head);
        if (_type == KvType.F32) return (float*)tile;
        var length = _config.HeadLength;
        var scales = (Half*)(tile + length * Tokens);
        for (var d = 0; d < length; d++) _kernels.Dequantize((sbyte*)tile + d * Tokens, (ushort*)scales + d / 32 * Tokens, scratch + d * Tokens, Tokens);
        return scratch;
    }

    /// <summary>A value tile of F32 or Q8_0 as floats, [token][dimension]: in place, or in <paramref name="scratch"/>.</summary>
    public float* Values(int layer, int block, int head, float* scratch)
    {
        var tile = Tile(layer, block, head) + _keyTileBytes;
        if (_type == KvType.F32) return (float*)tile;
        var length = _config.ValueHeadLength;
        var scales = (Half*)(tile + length * Tokens);
        var groups = Groups(length);
        for (var j = 0; j < Tokens; j++)
        {
            for (var group = 0; group < groups; group++)
            {
                var start = j * length + group * 32;
                _kernels.Scale((sbyte*)tile + start, (float)scales[j * groups + group], scratch + start, Math.Min(32, length - group * 32));
            }
        }
        return scratch;
    }

    /// <summary>Bytes of a head's tiles of a block.</summary>
    public int HeadBytes => _headBytes;

    /// <summary>A head's tiles of a block, to be prefetched.</summary>
    public byte* Bytes(int layer, int block, int head) => Tile(layer, block, head);

    public void Copy(int source, int destination)
    {
        for (var layer = 0; layer < _config.Layers; layer++) Layer(layer, source).CopyTo(Layer(layer, destination));
    }

    public void Read(int block, Span<byte> destination)
    {
        for (var layer = 0; layer < _config.Layers; layer++) Layer(layer, block).CopyTo(destination[(layer * _layerBlockBytes)..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(int block, ReadOnlySpan<byte> source)
    {
        for (var layer = 0; layer < _config.Layers; layer++) source.Slice(layer * _layerBlockBytes, _layerBlockBytes).CopyTo(Layer(layer, block));
    }

    public void Dispose() => _data.Dispose();

    private static int Groups(int length) => (length + 31) / 32;

    private static int KeyTileBytes(int length, KvType type) => type == KvType.F16 ? FixedTileBytes(length + length % 2) : TileBytes(length, type);

    private static int ValueTileBytes(int length, KvType type) => type == KvType.F16 ? FixedTileBytes(FixedValueStride(length)) : TileBytes(length, type);

    private static int FixedTileBytes(int length) => checked(Tokens * (2 * length + 4));

    private static int TileBytes(int length, KvType type) => checked(Tokens * (type == KvType.F32 ? 4 * length : length + 2 * Groups(length)));

    /// <summary>The scales at the end of a tile.</summary>
    private static float* ScalesOf(byte* tileEnd) => (float*)tileEnd - Tokens;

    private Span<byte> Layer(int layer, int block) => new(Tile(layer, block, 0), _layerBlockBytes);

    private byte* Tile(int layer, int block, int head) =>
        _data.Bytes + ((long)layer * _blocks + block) * _layerBlockBytes + head * _headBytes;

    private static void Quantize(float* x, int length, sbyte* values, int step, Half* scales, int scaleStep)
    {
        for (var start = 0; start < length; start += 32, scales += scaleStep)
        {
            var end = Math.Min(start + 32, length);
            var magnitude = 0f;
            for (var d = start; d < end; d++) magnitude = Math.Max(magnitude, Math.Abs(x[d]));
            *scales = (Half)(magnitude / 127);
            // The byte is chosen for the scale as it is stored.
            var inverse = *scales > Half.Zero ? 1 / (float)*scales : 0;
            for (var d = start; d < end; d++) values[d * step] = (sbyte)Math.Clamp(MathF.Round(x[d] * inverse), -127, 127);
        }
    }
}
