using AgentRuntime.Engine.Backends.Cpu.Memory;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cpu.Attention;

/// <summary>A thread's room for one attention item.</summary>
internal sealed unsafe class AttentionScratch : IDisposable
{
    /// <summary>Partial sums of a row's softmax.</summary>
    public const int SumLanes = 16;

    private readonly NativeBuffer _data;

    public AttentionScratch(ModelConfig config)
    {
        const int keys = RunnerOptions.BlockTokens;
        // An item's rows, rounded up to whole tiles of 4.
        Rows = (Math.Max(AttentionPlan.RowsPerItem, AttentionPlan.MaxSplitTokens * config.Heads / config.KvHeads) + 3) / 4 * 4;
        int key = config.HeadLength, value = KvStore.FixedValueStride(config.ValueHeadLength);
        long[] sizes =
        [
            Rows * key, Rows * value, Rows * value, Rows, Rows * SumLanes, Rows, Rows, 4, 4 * keys, keys * key, keys * value, Rows, keys, 4 * keys, 4,
        ];
        // Each part starts on a cache line.
        _data = NativeBuffer.OfFloats(sizes.Sum(Padded));
        var next = _data.Floats;
        float* Take(int part)
        {
            var taken = next;
            next += Padded(sizes[part]);
            return taken;
        }
        Query = Take(0);
        Output = Take(1);
        TotalOutput = Take(2);
        Maximum = Take(3);
        Sums = Take(4);
        TotalMaximum = Take(5);
        TotalSum = Take(6);
        Factors = Take(7);
        Scores = Take(8);
        KeyTile = Take(9);
        ValueTile = Take(10);
        QueryScales = Take(11);
        ValueScales = Take(12);
        Weights = (short*)Take(13);
        WeightScales = Take(14);
    }

    public int Rows { get; }
    public float* Query { get; }
    public float* Output { get; }
    public float* TotalOutput { get; }
    public float* Maximum { get; }
    public float* Sums { get; }
    public float* TotalMaximum { get; }
    public float* TotalSum { get; }
    public float* Factors { get; }
    public float* Scores { get; }
    public float* KeyTile { get; }
    public float* ValueTile { get; }
    public float* QueryScales { get; }
    public float* ValueScales { get; }
    public short* Weights { get; }
    public float* WeightScales { get; }

    /// <summary>The loaded keys as floats: <see cref="KeyTile"/>, or in place.</summary>
    public float* Keys { get; set; }

    /// <summary>The loaded values as floats: <see cref="ValueTile"/>, or in place.</summary>
    public float* Values { get; set; }

    /// <summary>The block's integers and its keys' scales, in place.</summary>
    public int* FixedKeys { get; set; }
    public int* FixedValues { get; set; }
    public float* FixedKeyScales { get; set; }

    public void Dispose() => _data.Dispose();

    private static long Padded(long floats) => (floats + 15) / 16 * 16;
}
