using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>
/// AVX-512BW: a vector holds a quad of all 16 rows. vpmaddubsw multiplies unsigned by signed bytes and adds pairs in 16
/// bits; it saturates, so signed weights go in as magnitudes and pass their sign to the activation.
/// </summary>
internal sealed unsafe class Avx512DotKernel : DotKernel
{
    private readonly Avx2DotKernel _single = new();

    public static bool IsSupported => Avx512BW.IsSupported && Avx2DotKernel.IsSupported;

    public override string Name => "AVX-512BW";

    public override bool FullUnsigned => false;

    public override int TileTokens => 8;

    public override void Tile(in Panel panel, Activations x, int* rows, int column, int blocks, float* y, nint yStride, bool accumulate)
    {
        if (panel.Signed) Run<Yes, No>(panel, x, rows, column, blocks, y, yStride, accumulate);
        else if (panel.HalfScales) Run<No, Yes>(panel, x, rows, column, blocks, y, yStride, accumulate);
        else Run<No, No>(panel, x, rows, column, blocks, y, yStride, accumulate);
    }

    // One token waits for memory rather than for arithmetic; vpsignb, which 512 bits lack, then makes 256 bits faster.
    public override void Tile1(in Panel panel, Activations x, int row, int column, int blocks, float* y, bool accumulate) =>
        _single.Tile1(panel, x, row, column, blocks, y, accumulate);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TSigned, THalf>(in Panel panel, Activations x, int* rows, int column, int blocks, float* y, nint yStride, bool accumulate)
        where TSigned : struct, IFlag where THalf : struct, IFlag
    {
        int quads = THalf.Value ? 4 : 8, parts = THalf.Value ? 2 : 1;
        var x0 = x.Values(rows[0]) + column;
        var x1 = x.Values(rows[1]) + column;
        var x2 = x.Values(rows[2]) + column;
        var x3 = x.Values(rows[3]) + column;
        var x4 = x.Values(rows[4]) + column;
        var x5 = x.Values(rows[5]) + column;
        var x6 = x.Values(rows[6]) + column;
        var x7 = x.Values(rows[7]) + column;
        var first = column / 32;
        var d0 = x.Scales(rows[0]) + first;
        var d1 = x.Scales(rows[1]) + first;
        var d2 = x.Scales(rows[2]) + first;
        var d3 = x.Scales(rows[3]) + first;
        var d4 = x.Scales(rows[4]) + first;
        var d5 = x.Scales(rows[5]) + first;
        var d6 = x.Scales(rows[6]) + first;
        var d7 = x.Scales(rows[7]) + first;
        var s0 = Sums<THalf>(x, rows[0], first);
        var s1 = Sums<THalf>(x, rows[1], first);
        var s2 = Sums<THalf>(x, rows[2], first);
        var s3 = Sums<THalf>(x, rows[3], first);
        var s4 = Sums<THalf>(x, rows[4], first);
        var s5 = Sums<THalf>(x, rows[5], first);
        var s6 = Sums<THalf>(x, rows[6], first);
        var s7 = Sums<THalf>(x, rows[7], first);
        Vector512<float> f0, f1, f2, f3, f4, f5, f6, f7;
        f0 = f1 = f2 = f3 = f4 = f5 = f6 = f7 = Vector512<float>.Zero;
        float* scales = panel.Scales, minima = panel.Minima;
        var next = panel.Next;
        for (var block = 0; block < blocks; block++)
        {
            var values = panel.Values + block * panel.Stride;
            Panel.Prefetch(ref next, panel.NextStep);
            for (var part = 0; part < parts; part++)
            {
                Vector512<int> i0, i1, i2, i3, i4, i5, i6, i7;
                i0 = i1 = i2 = i3 = i4 = i5 = i6 = i7 = Vector512<int>.Zero;
                for (nint quad = 0; quad < 4 * quads; quad += 4)
                {
                    var w = Vector512.Load(values);
                    i0 = Dot<TSigned>(i0, w, x0 + quad);
                    i1 = Dot<TSigned>(i1, w, x1 + quad);
                    i2 = Dot<TSigned>(i2, w, x2 + quad);
                    i3 = Dot<TSigned>(i3, w, x3 + quad);
                    i4 = Dot<TSigned>(i4, w, x4 + quad);
                    i5 = Dot<TSigned>(i5, w, x5 + quad);
                    i6 = Dot<TSigned>(i6, w, x6 + quad);
                    i7 = Dot<TSigned>(i7, w, x7 + quad);
                    values += 64;
                }
                x0 += 4 * quads;
                x1 += 4 * quads;
                x2 += 4 * quads;
                x3 += 4 * quads;
                x4 += 4 * quads;
                x5 += 4 * quads;
                x6 += 4 * quads;
                x7 += 4 * quads;
                var scale = Vector512.Load(scales);
                scales += 16;
                f0 = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(i0), scale * Vector512.Create(d0[block]), f0);
                f1 = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(i1), scale * Vector512.Create(d1[block]), f1);
                f2 = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(i2), scale * Vector512.Create(d2[block]), f2);
                f3 = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(i3), scale * Vector512.Create(d3[block]), f3);
                f4 = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(i4), scale * Vector512.Create(d4[block]), f4);
                f5 = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(i5), scale * Vector512.Create(d5[block]), f5);
                f6 = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(i6), scale * Vector512.Create(d6[block]), f6);
                f7 = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(i7), scale * Vector512.Create(d7[block]), f7);
                if (TSigned.Value) continue;
                var minimum = Vector512.Load(minima);
                minima += 16;
                f0 = Avx512F.FusedMultiplyAddNegated(minimum, Vector512.Create(*s0++), f0);
                f1 = Avx512F.FusedMultiplyAddNegated(minimum, Vector512.Create(*s1++), f1);
                f2 = Avx512F.FusedMultiplyAddNegated(minimum, Vector512.Create(*s2++), f2);
                f3 = Avx512F.FusedMultiplyAddNegated(minimum, Vector512.Create(*s3++), f3);
                f4 = Avx512F.FusedMultiplyAddNegated(minimum, Vector512.Create(*s4++), f4);
                f5 = Avx512F.FusedMultiplyAddNegated(minimum, Vector512.Create(*s5++), f5);
                f6 = Avx512F.FusedMultiplyAddNegated(minimum, Vector512.Create(*s6++), f6);
                f7 = Avx512F.FusedMultiplyAddNegated(minimum, Vector512.Create(*s7++), f7);
            }
        }
        Store(f0, y, accumulate);
        Store(f1, y + yStride, accumulate);
        Store(f2, y + 2 * yStride, accumulate);
        Store(f3, y + 3 * yStride, accumulate);
        Store(f4, y + 4 * yStride, accumulate);
        Store(f5, y + 5 * yStride, accumulate);
        Store(f6, y + 6 * yStride, accumulate);
        Store(f7, y + 7 * yStride, accumulate);
    }

    private static float* Sums<THalf>(Activations x, int row, int block) where THalf : struct, IFlag =>
        THalf.Value ? x.HalfSums(row) + 2 * block : x.Sums(row) + block;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Dot<TSigned>(Vector512<int> sum, Vector512<byte> w, sbyte* x) where TSigned : struct, IFlag
    {
        var a = Vector512.Create(*(int*)x).AsSByte();
        if (TSigned.Value)
        {
            a = Vector512.ConditionalSelect(Vector512.LessThan(w.AsSByte(), Vector512<sbyte>.Zero), Vector512<sbyte>.Zero - a, a);
            w = Vector512.Abs(w.AsSByte()).AsByte();
        }
        return sum + Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(w, a), Vector512<short>.One);
    }

    private static void Store(Vector512<float> value, float* y, bool accumulate) =>
        (accumulate ? value + Vector512.Load(y) : value).Store(y);
}
