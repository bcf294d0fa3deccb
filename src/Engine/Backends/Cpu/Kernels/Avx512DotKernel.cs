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
    public static bool IsSupported => Avx512BW.IsSupported;

    public override string Name => "AVX-512BW";

    public override bool FullUnsigned => false;

    public override void Tile4(in Panel panel, Activations x, int* rows, int column, int blocks, float* y, nint yStride, bool accumulate)
    {
        if (panel.Signed) Run4<Yes, No>(panel, x, rows, column, blocks, y, yStride, accumulate);
        else if (panel.HalfScales) Run4<No, Yes>(panel, x, rows, column, blocks, y, yStride, accumulate);
        else Run4<No, No>(panel, x, rows, column, blocks, y, yStride, accumulate);
    }

    public override void Tile1(in Panel panel, Activations x, int row, int column, int blocks, float* y, bool accumulate)
    {
        if (panel.Signed) Run1<Yes, No>(panel, x, row, column, blocks, y, accumulate);
        else if (panel.HalfScales) Run1<No, Yes>(panel, x, row, column, blocks, y, accumulate);
        else Run1<No, No>(panel, x, row, column, blocks, y, accumulate);
    }

    private static void Run4<TSigned, THalf>(in Panel panel, Activations x, int* rows, int column, int blocks, float* y, nint yStride, bool accumulate)
        where TSigned : struct, IFlag where THalf : struct, IFlag
    {
        int quads = THalf.Value ? 4 : 8, parts = THalf.Value ? 2 : 1;
        sbyte* x0 = x.Values(rows[0]) + column, x1 = x.Values(rows[1]) + column, x2 = x.Values(rows[2]) + column, x3 = x.Values(rows[3]) + column;
        var first = column / 32;
        float* d0 = x.Scales(rows[0]) + first, d1 = x.Scales(rows[1]) + first, d2 = x.Scales(rows[2]) + first, d3 = x.Scales(rows[3]) + first;
        float* s0 = Sums<THalf>(x, rows[0], first), s1 = Sums<THalf>(x, rows[1], first), s2 = Sums<THalf>(x, rows[2], first), s3 = Sums<THalf>(x, rows[3], first);
        Vector512<float> f0, f1, f2, f3;
        f0 = f1 = f2 = f3 = Vector512<float>.Zero;
        float* scales = panel.Scales, minima = panel.Minima;
        for (var block = 0; block < blocks; block++)
        {
            var values = panel.Values + block * panel.Stride;
            for (var part = 0; part < parts; part++)
            {
                Vector512<int> i0, i1, i2, i3;
                i0 = i1 = i2 = i3 = Vector512<int>.Zero;
                for (var quad = 0; quad < quads; quad++)
                {
                    var w = Vector512.Load(values);
                    i0 = Dot<TSigned>(i0, w, x0);
                    i1 = Dot<TSigned>(i1, w, x1);
                    i2 = Dot<TSigned>(i2, w, x2);
                    i3 = Dot<TSigned>(i3, w, x3);
                    values += 64;
                    x0 += 4;
                    x1 += 4;
                    x2 += 4;
                    x3 += 4;
                }
                var scale = Vector512.Load(scales);
                scales += 16;
                f0 = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(i0), scale * Vector512.Create(d0[block]), f0);
                f1 = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(i1), scale * Vector512.Create(d1[block]), f1);
                f2 = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(i2), scale * Vector512.Create(d2[block]), f2);
                f3 = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(i3), scale * Vector512.Create(d3[block]), f3);
                if (TSigned.Value) continue;
                var minimum = Vector512.Load(minima);
                minima += 16;
                f0 = Avx512F.FusedMultiplyAddNegated(minimum, Vector512.Create(*s0++), f0);
                f1 = Avx512F.FusedMultiplyAddNegated(minimum, Vector512.Create(*s1++), f1);
                f2 = Avx512F.FusedMultiplyAddNegated(minimum, Vector512.Create(*s2++), f2);
                f3 = Avx512F.FusedMultiplyAddNegated(minimum, Vector512.Create(*s3++), f3);
            }
        }
        Store(f0, y, accumulate);
        Store(f1, y + yStride, accumulate);
        Store(f2, y + 2 * yStride, accumulate);
        Store(f3, y + 3 * yStride, accumulate);
    }

    private static void Run1<TSigned, THalf>(in Panel panel, Activations x, int row, int column, int blocks, float* y, bool accumulate)
        where TSigned : struct, IFlag where THalf : struct, IFlag
    {
        int quads = THalf.Value ? 4 : 8, parts = THalf.Value ? 2 : 1;
        var x0 = x.Values(row) + column;
        var d0 = x.Scales(row) + column / 32;
        var s0 = Sums<THalf>(x, row, column / 32);
        var f0 = Vector512<float>.Zero;
        float* scales = panel.Scales, minima = panel.Minima;
        for (var block = 0; block < blocks; block++)
        {
            var values = panel.Values + block * panel.Stride;
            for (var part = 0; part < parts; part++)
            {
                // Two sums, so that one product need not wait for the last.
                Vector512<int> even = Vector512<int>.Zero, odd = Vector512<int>.Zero;
                for (var quad = 0; quad < quads; quad += 2)
                {
                    even = Dot<TSigned>(even, Vector512.Load(values), x0);
                    odd = Dot<TSigned>(odd, Vector512.Load(values + 64), x0 + 4);
                    values += 128;
                    x0 += 8;
                }
                f0 = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(even + odd), Vector512.Load(scales) * Vector512.Create(d0[block]), f0);
                scales += 16;
                if (TSigned.Value) continue;
                f0 = Avx512F.FusedMultiplyAddNegated(Vector512.Load(minima), Vector512.Create(*s0++), f0);
                minima += 16;
            }
        }
        Store(f0, y, accumulate);
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
