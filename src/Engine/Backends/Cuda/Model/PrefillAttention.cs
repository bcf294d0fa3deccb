using AgentRuntime.Engine.Backends.Cuda.Kernels;
using AgentRuntime.Engine.Backends.Cuda.Memory;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cuda.Model;

/// <summary>Attention of many tokens on the tensor cores; a few tiles over a long context are split along it, so that every multiprocessor works.</summary>
internal sealed class PrefillAttention
{
    private readonly ModelConfig _config;
    private readonly KernelModule _kernels;
    private readonly int _rows;
    private readonly int _slots;
    private readonly int _sharedBytes;
    private readonly nint _attend;
    private readonly nint _merge;
    private readonly ulong _partial;

    public PrefillAttention(ModelConfig config, KernelModule kernels, ulong partial)
    {
        (_config, _kernels, _rows, _partial) = (config, kernels, TileRows(config), partial);
        var length = Length(config);
        var stages = length == 256 ? 2 : 3;
        // Queries, then stages of keys and values, all halves. Two blocks fit a multiprocessor unless heads are long.
        _sharedBytes = sizeof(ushort) * length * (_rows + stages * 2 * RunnerOptions.BlockTokens);
        _slots = Slots(config, kernels.Multiprocessors);
        _attend = kernels.WithSharedMemory($"prefill_attention_{length}", _sharedBytes);
        _merge = kernels[$"prefill_merge_{_rows}"];
    }

    /// <summary>Whether there is a kernel: whoever keeps keys and values as full floats wants no halves in between.</summary>
    public static bool Serves(KvType type) => type != KvType.F32;

    /// <summary>Room for what each part of a context leaves: sums of values, a maximum and a sum of weights for each row.</summary>
    public static ulong AllocatePartial(CudaDevice device, ModelConfig config) =>
        device.AllocateFloats(checked((long)Slots(config, device.Info.Multiprocessors) * TileRows(config) * (config.ValueHeadLength + 2)));

    /// <summary>Rows of a tile, a row being a token and one of the KV head's queries.</summary>
    public static int TileRows(ModelConfig config) => Length(config) == 256 ? 64 : 128;

    /// <param name="keysAndValues">Where the layer's keys and values lie.</param>
    /// <param name="batch">The tokens.</param>
    /// <param name="query">[token][heads][key length]</param>
    /// <param name="output">[token][heads][value length]</param>
    public void Attend(KvLayout keysAndValues, CudaBatch batch, ulong query, ulong output)
    {
        var splits = Splits(batch.Tiles * _config.KvHeads, Operators.Ceiling(batch.LongestContext, RunnerOptions.BlockTokens), _slots);
        var parameters = new PrefillAttentionParams
        {
            Kv = keysAndValues,
            Batch = batch.Layout,
            Tiles = batch.TileList,
            Query = query,
            Output = output,
            Partial = _partial,
            Heads = _config.Heads,
            Window = _config.SlidingWindow,
            Splits = splits,
            Scale = 1 / MathF.Sqrt(_config.HeadLength),
        };
        _kernels.Launch(_attend, (_config.KvHeads, batch.Tiles, splits), 128, parameters, _sharedBytes);
        if (splits > 1) _kernels.Launch(_merge, (_config.KvHeads, batch.Tiles, 1), 128, parameters);
    }

    /// <summary>
    /// Parts of the context for which attention is predicted to end first: rounds of blocks on the device times the KV
    /// blocks of a part. A part's beginning costs about two KV blocks, what it leaves for the merge about six.
    /// </summary>
    public static int Splits(int blocks, int contextBlocks, int slots)
    {
        var (best, least) = (1, long.MaxValue);
        for (var splits = 1; splits == 1 || (splits <= contextBlocks && (long)blocks * splits <= slots); splits++)
        {
            var cost = (long)Operators.Ceiling(blocks * splits, slots) * (Operators.Ceiling(contextBlocks, splits) + (splits == 1 ? 2 : 8));
            if (cost < least) (best, least) = (splits, cost);
        }
        return best;
    }

    /// <summary>Blocks that run at a time.</summary>
    private static int Slots(ModelConfig config, int multiprocessors) => multiprocessors * (Length(config) == 256 ? 1 : 2);

    /// <summary>Length of heads for which a kernel was made.</summary>
    private static int Length(ModelConfig config) => Math.Max(config.HeadLength, config.ValueHeadLength) switch
    {
        <= 64 => 64,
        <= 128 => 128,
        _ => 256,
    };
}
