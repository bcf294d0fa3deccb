using AgentRuntime.Engine.Backends.Cpu.Kernels;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cpu.Attention;

/// <summary>Products in floats, for F32 and Q8_0 blocks.</summary>
internal sealed unsafe class FloatArithmetic(ModelConfig config, FloatKernels kernels, KvStore store) : AttentionArithmetic
{
    private readonly int _length = config.HeadLength;
    private readonly float _scale = 1 / MathF.Sqrt(config.HeadLength);

    public override int OutputStride => config.ValueHeadLength;

    public override void LoadQuery(float* query, int row, AttentionScratch scratch)
    {
        var destination = scratch.Query + row * _length;
        new Span<float>(destination, _length).Clear();
        if (query is not null) kernels.AddScaled(query, _scale, destination, _length);
    }

    public override void LoadBlock(int layer, int block, int head, int tokens, AttentionScratch scratch)
    {
        scratch.Keys = store.Keys(layer, block, head, scratch.KeyTile);
        scratch.Values = store.Values(layer, block, head, scratch.ValueTile);
    }

    public override void Tile(AttentionScratch scratch, int row, int* first, int* end, int least, int most, Ahead ahead)
    {
        kernels.Scores(scratch.Query + row * _length, scratch.Keys, _length, scratch.Scores, ahead);
        kernels.Softmax(scratch.Scores, first, end, scratch.Maximum + row, scratch.Sums + row * AttentionScratch.SumLanes, scratch.Factors);
        kernels.Values(scratch.Scores, scratch.Values, OutputStride, least, most, scratch.Factors, scratch.Output + row * OutputStride);
    }
}
