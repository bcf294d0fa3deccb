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
        // An item has at most 64 rows or 8 tokens of a group, whichever is more, rounded up to whole tiles of 4.
        Rows = (Math.Max(64, 8 * config.Heads / config.KvHeads) + 3) / 4 * 4;
        int key = config.HeadLength, value = config.ValueHeadLength;
        long[] sizes = [Rows * key, Rows * value, Rows * value, Rows, Rows * SumLanes, Rows, Rows, 4, 4 * keys, keys * key, keys * value];
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

    public void Dispose() => _data.Dispose();

    private static long Padded(long floats) => (floats + 15) / 16 * 16;
}
