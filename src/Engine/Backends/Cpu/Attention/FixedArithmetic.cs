using AgentRuntime.Engine.Backends.Cpu.Kernels;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cpu.Attention;

/// <summary>Products in 16-bit integers, for F16 blocks (<see cref="FixedAttentionKernel{TLanes, V}"/>).</summary>
internal sealed unsafe class FixedArithmetic(ModelConfig config, FloatKernels kernels, KvStore store) : AttentionArithmetic
{
    private readonly int _length = config.HeadLength;
    private readonly int _pairs = (config.HeadLength + 1) / 2;
    private readonly int _queryLimit = FixedLimits.OfQuery(config.HeadLength);
    private readonly float _scale = 1 / MathF.Sqrt(config.HeadLength);

    public override int OutputStride { get; } = KvStore.FixedValueStride(config.ValueHeadLength);

    public override void LoadQuery(float* query, int row, AttentionScratch scratch)
    {
        var destination = (int*)scratch.Query + row * _pairs;
        destination[_pairs - 1] = 0; // An odd length leaves half a pair.
        if (query is null) new Span<int>(destination, _pairs).Clear();
        else scratch.QueryScales[row] = _scale * kernels.RoundToFixed(query, _length, _queryLimit, (short*)destination);
    }

    public override void LoadBlock(int layer, int block, int head, int tokens, AttentionScratch scratch)
    {
        scratch.FixedKeys = store.FixedKeys(layer, block, head);
        scratch.FixedValues = store.FixedValues(layer, block, head);
        // What lies behind the sequence's end may be anything: as zero it cannot spoil a sum in which it counts for nothing.
        new ReadOnlySpan<float>(store.FixedValueScales(layer, block, head), tokens).CopyTo(new(scratch.ValueScales, RunnerOptions.BlockTokens));
        new Span<float>(scratch.ValueScales + tokens, RunnerOptions.BlockTokens - tokens).Clear();
        scratch.FixedKeyScales = store.FixedKeyScales(layer, block, head);
    }

    public override void Tile(AttentionScratch scratch, int row, int* first, int* end, int least, int most, Ahead ahead)
    {
        var (soon, later) = ahead.Halves;
        kernels.FixedScores(
            (short*)((int*)scratch.Query + row * _pairs), _pairs, scratch.QueryScales + row, scratch.FixedKeys, scratch.FixedKeyScales, scratch.Scores, soon);
        kernels.Softmax(scratch.Scores, first, end, scratch.Maximum + row, scratch.Sums + row * AttentionScratch.SumLanes, scratch.Factors);
        kernels.FixedWeights(scratch.Scores, scratch.ValueScales, scratch.Weights, scratch.WeightScales);
        kernels.FixedValues(
            scratch.Weights, scratch.WeightScales, scratch.FixedValues, OutputStride, least / 2, (most + 1) / 2, scratch.Factors,
            scratch.Output + row * OutputStride, later);
    }
}
