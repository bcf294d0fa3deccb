using AgentRuntime.Engine.Backends.Cpu.Kernels;

namespace AgentRuntime.Engine.Tests.Backends.Cpu.Kernels;

/// <summary>
/// Dot products by their definition, one value at a time. It takes unsigned weights of 8 bits as AVX-VNNI does, so that
/// packing for it is tested on processors without.
/// </summary>
internal sealed unsafe class ReferenceDotKernel : DotKernel
{
    public override string Name => "reference";

    public override bool FullUnsigned => true;

    public override bool ReadsPacked => false;

    public override int TileTokens => 3;

    public override void Tile(in Panel panel, in TileInput x, int count, int blocks, float* y, nint yStride, bool accumulate)
    {
        for (var t = 0; t < count; t++)
        {
            var token = x.Blocks + t;
            Run(
                panel, blocks, y + t * yStride, accumulate,
                i => ((sbyte*)(token + Block(i) + i % 32 / 4 * TileTokens))[i % 4] * (double)token[Block(i) + TileInput.Scales * TileTokens]);
        }
    }

    public override void Tile1(in Panel panel, Activations x, int row, int column, int blocks, float* y, bool accumulate) =>
        Run(panel, blocks, y, accumulate, i => x.Values(row)[column + i] * (double)x.Scales(row)[(column + i) / 32]);

    private int Block(int column) => column / 32 * TileInput.BlockFloats * TileTokens;

    private static void Run(in Panel panel, int blocks, float* y, bool accumulate, Func<int, double> input)
    {
        for (var r = 0; r < Panel.Rows; r++)
        {
            var sum = accumulate ? y[r] : 0.0;
            for (var i = 0; i < 32 * blocks; i++)
            {
                var quad = panel.Values + i / 32 * panel.Stride + i % 32 / 4 * 64;
                var q = quad[4 * r + i % 4];
                var part = panel.HalfScales ? i / 16 : i / 32;
                var weight = panel.Scales[part * Panel.Rows + r] * (panel.Signed ? (sbyte)q : (double)q) - (panel.Signed ? 0 : panel.Minima[part * Panel.Rows + r]);
                sum += weight * input(i);
            }
            y[r] = (float)sum;
        }
    }
}
