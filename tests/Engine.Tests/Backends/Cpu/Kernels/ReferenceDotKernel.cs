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

    public override int TileTokens => 3;

    public override void Tile(in Panel panel, Activations x, int* rows, int column, int blocks, float* y, nint yStride, bool accumulate)
    {
        for (var t = 0; t < TileTokens; t++) Tile1(panel, x, rows[t], column, blocks, y + t * yStride, accumulate);
    }

    public override void Tile1(in Panel panel, Activations x, int row, int column, int blocks, float* y, bool accumulate)
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
                sum += weight * x.Values(row)[column + i] * x.Scales(row)[(column + i) / 32];
            }
            y[r] = (float)sum;
        }
    }
}
