using System.Runtime.CompilerServices;
using AgentRuntime.Engine.Backends.Cpu.Kernels;
using AgentRuntime.Engine.Backends.Cpu.Memory;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cpu.Attention;

/// <summary>
/// The KV blocks: layer after layer, block after block, head after head, a tile of keys and a tile of values. A key tile
/// is [dimension][token] and a value tile [token][dimension], as the attention kernel reads them. Q8_0 tiles hold the
/// bytes, then F16 scales: of keys [dimension / 32][token], of values [token][dimension / 32].
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
        _keyTileBytes = TileBytes(config.HeadLength, type);
        _headBytes = _keyTileBytes + TileBytes(config.ValueHeadLength, type);
        _layerBlockBytes = checked(_headBytes * config.KvHeads);
        BlockBytes = checked((int)BytesPerBlock(config, type));
        _data = new NativeBuffer(checked((long)BlockBytes * blocks));
    }

    /// <summary>Bytes of a block over all layers.</summary>
    public int BlockBytes { get; }

    public static long BytesPerBlock(ModelConfig config, KvType type) =>
        checked((long)config.Layers * config.KvHeads * (TileBytes(config.HeadLength, type) + TileBytes(config.ValueHeadLength, type)));

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
                for (var d = 0; d < keyLength; d++) ((Half*)keys)[d * Tokens + slot] = (Half)key[d];
                for (var d = 0; d < valueLength; d++) ((Half*)values)[slot * valueLength + d] = (Half)value[d];
                break;
            default:
                Quantize(key, keyLength, (sbyte*)keys + slot, Tokens, (Half*)(keys + keyLength * Tokens) + slot, Tokens);
                Quantize(
                    value, valueLength, (sbyte*)values + slot * valueLength, 1,
                    (Half*)(values + valueLength * Tokens) + slot * Groups(valueLength), 1);
                break;
        }
    }

    /// <summary>A key tile as floats, [dimension][token]: in place, or in <paramref name="scratch"/>.</summary>
    public float* Keys(int layer, int block, int head, float* scratch)
    {
        var tile = Tile(layer, block, head);
        var length = _config.HeadLength;
        if (_type == KvType.Q8_0)
        {
            var scales = (Half*)(tile + length * Tokens);
            for (var d = 0; d < length; d++) _kernels.Dequantize((sbyte*)tile + d * Tokens, (ushort*)scales + d / 32 * Tokens, scratch + d * Tokens, Tokens);
            return scratch;
        }
        return ToFloat(tile, length, scratch);
    }

    /// <summary>A value tile as floats, [token][dimension]: in place, or in <paramref name="scratch"/>.</summary>
    public float* Values(int layer, int block, int head, float* scratch)
    {
        var tile = Tile(layer, block, head) + _keyTileBytes;
        var length = _config.ValueHeadLength;
        if (_type == KvType.Q8_0)
        {
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
        return ToFloat(tile, length, scratch);
    }

    /// <summary>The bytes of a head's tiles of a block, to be prefetched.</summary>
    public ReadOnlySpan<byte> Bytes(int layer, int block, int head) => new(Tile(layer, block, head), _headBytes);

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

    private static int TileBytes(int length, KvType type) => checked(Tokens * (type switch
    {
        KvType.F32 => 4 * length,
        KvType.F16 => 2 * length,
        _ => length + 2 * Groups(length),
    }));

    private Span<byte> Layer(int layer, int block) => new(Tile(layer, block, 0), _layerBlockBytes);

    private byte* Tile(int layer, int block, int head) =>
        _data.Bytes + ((long)layer * _blocks + block) * _layerBlockBytes + head * _headBytes;

    private float* ToFloat(byte* tile, int length, float* scratch)
    {
        if (_type == KvType.F32) return (float*)tile;
        _kernels.FromHalf((ushort*)tile, scratch, length * Tokens);
        return scratch;
    }

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
