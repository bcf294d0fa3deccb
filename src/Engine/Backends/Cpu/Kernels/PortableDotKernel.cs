using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>
/// 128-bit vectors of 4 rows: Arm's sdot where there is one, otherwise widening products. All weights below 128 or
/// signed, so bytes are read as signed.
/// </summary>
internal sealed unsafe class PortableDotKernel : DotKernel
{
    public override string Name => Dp.IsSupported ? "AdvSimd dot product" : "portable";

    public override bool FullUnsigned => false;

    public override int TileTokens => 4;

    public override void Tile(in Panel panel, Activations x, int* rows, int column, int blocks, float* y, nint yStride, bool accumulate)
    {
        for (var t = 0; t < 4; t++) Tile1(panel, x, rows[t], column, blocks, y + t * yStride, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Tile1(in Panel panel, Activations x, int row, int column, int blocks, float* y, bool accumulate)
    {
        int parts = panel.HalfScales ? 2 : 1, quads = 8 / parts;
        var values = x.Values(row) + column;
        var scales = x.Scales(row) + column / 32;
        var sums = panel.HalfScales ? x.HalfSums(row) + column / 16 : x.Sums(row) + column / 32;
        for (var r = 0; r < Panel.Rows; r += 4)
        {
            var total = Vector128<float>.Zero;
            for (var part = 0; part < blocks * parts; part++)
            {
                var block = part / parts;
                var w = panel.Values + block * panel.Stride + (part - block * parts) * (64 * quads) + 4 * r;
                var dot = Dot((sbyte*)w, values + part * quads * 4, quads);
                total += Vector128.ConvertToSingle(dot) * (Vector128.Load(panel.Scales + part * 16 + r) * Vector128.Create(scales[block]));
                if (!panel.Signed) total -= Vector128.Load(panel.Minima + part * 16 + r) * Vector128.Create(sums[part]);
            }
            (accumulate ? total + Vector128.Load(y + r) : total).Store(y + r);
        }
    }

    /// <summary>Sums of 4 rows over <paramref name="quads"/> quads, which lie 64 bytes apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Dot(sbyte* w, sbyte* x, int quads)
    {
        if (Dp.IsSupported)
        {
            var sum = Vector128<int>.Zero;
            for (var q = 0; q < quads; q++)
                sum = Dp.DotProduct(sum, Vector128.Load(w + 64 * q), Vector128.Create(((int*)x)[q]).AsSByte());
            return sum;
        }
        // Sums of pairs, rows 0 and 1, then rows 2 and 3.
        Vector128<int> lower = Vector128<int>.Zero, upper = Vector128<int>.Zero;
        for (var q = 0; q < quads; q++)
        {
            var a = Vector128.WidenLower(Vector128.Create(((int*)x)[q]).AsSByte());
            var (low, high) = Vector128.Widen(Vector128.Load(w + 64 * q));
            lower += Pairs(low * a);
            upper += Pairs(high * a);
        }
        return Vector128.Create(lower[0] + lower[1], lower[2] + lower[3], upper[0] + upper[1], upper[2] + upper[3]);
    }

    private static Vector128<int> Pairs(Vector128<short> products) => ((products.AsInt32() << 16) >> 16) + (products.AsInt32() >> 16);
}
