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

    public override bool ReadsPacked => false;

    public override int TileTokens => 1;

    public override void Tile(in Panel panel, in TileInput x, int count, int blocks, float* y, nint yStride, bool accumulate) =>
        Run(
            panel, (int*)x.Blocks, TileInput.BlockFloats, x.Blocks + TileInput.Scales, TileInput.BlockFloats, x.Sums, panel.HalfScales ? 2 : 1, blocks, y,
            accumulate);

    public override void Tile1(in Panel panel, Activations x, int row, int column, int blocks, float* y, bool accumulate) =>
        Run(
            panel, (int*)(x.Values(row) + column), 8, x.Scales(row) + column / 32, 1,
            panel.HalfScales ? x.HalfSums(row) + column / 16 : x.Sums(row) + column / 32, panel.HalfScales ? 2 : 1, blocks, y, accumulate);

    /// <summary>One token's quads, scales and sums, each with its distance from one block to the next.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run(
        in Panel panel, int* values, int valueStride, float* scales, int scaleStride, float* sums, int sumStride, int blocks, float* y, bool accumulate)
    {
        int parts = panel.HalfScales ? 2 : 1, quads = 8 / parts;
        for (var r = 0; r < Panel.Rows; r += 4)
        {
            var total = Vector128<float>.Zero;
            for (var index = 0; index < blocks * parts; index++)
            {
                int block = index / parts, part = index - block * parts;
                var w = panel.Values + block * panel.Stride + part * (64 * quads) + 4 * r;
                var dot = Dot((sbyte*)w, (sbyte*)(values + block * valueStride + part * quads), quads);
                total += Vector128.ConvertToSingle(dot) * (Vector128.Load(panel.Scales + index * 16 + r) * Vector128.Create(scales[block * scaleStride]));
                if (!panel.Signed) total -= Vector128.Load(panel.Minima + index * 16 + r) * Vector128.Create(sums[block * sumStride + part]);
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
