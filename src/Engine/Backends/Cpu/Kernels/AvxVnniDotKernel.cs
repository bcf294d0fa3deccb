using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>
/// AVX-VNNI: two vectors of 8 rows. vpdpbusd multiplies unsigned by signed bytes and adds four products in 32 bits
/// without saturation, so weights may use all 8 bits.
/// </summary>
internal sealed unsafe class AvxVnniDotKernel : DotKernel
{
    private const int Tokens = 4;

    public static bool IsSupported => AvxVnni.IsSupported && Fma.IsSupported;

    public override string Name => "AVX-VNNI";

    public override bool FullUnsigned => true;

    public override bool ReadsPacked => PackedDot.IsSupported;

    public override int TileTokens => Tokens;

    public override void Tile(in Panel panel, in TileInput x, int count, int blocks, float* y, nint yStride, bool accumulate)
    {
        if (panel.HalfScales) Run4<Yes>(panel, x, count, blocks, y, yStride, accumulate);
        else Run4<No>(panel, x, count, blocks, y, yStride, accumulate);
    }

    public override void Tile1(in Panel panel, Activations x, int row, int column, int blocks, float* y, bool accumulate)
    {
        if (panel.Packed) PackedDot.Run(panel, x, row, column, blocks, y, accumulate);
        else if (panel.HalfScales) Run1<Yes>(panel, x, row, column, blocks, y, accumulate);
        else Run1<No>(panel, x, row, column, blocks, y, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run4<THalf>(in Panel panel, in TileInput x, int count, int blocks, float* y, nint yStride, bool accumulate)
        where THalf : struct, IFlag
    {
        int quads = THalf.Value ? 4 : 8, parts = THalf.Value ? 2 : 1;
        float* inputs = x.Blocks, s = x.Sums;
        Vector256<float> f0, f1, f2, f3, g0, g1, g2, g3;
        f0 = f1 = f2 = f3 = g0 = g1 = g2 = g3 = Vector256<float>.Zero;
        float* scales = panel.Scales, minima = panel.Minima;
        var next = panel.Next;
        for (var block = 0; block < blocks; block++, inputs += TileInput.BlockFloats * Tokens)
        {
            var values = panel.Values + block * panel.Stride;
            Panel.Prefetch(ref next, panel.NextStep);
            var input = (int*)inputs;
            var d = inputs + TileInput.Scales * Tokens;
            for (var part = 0; part < parts; part++, s += Tokens)
            {
                Vector256<int> i0, i1, i2, i3, j0, j1, j2, j3;
                i0 = i1 = i2 = i3 = j0 = j1 = j2 = j3 = Vector256<int>.Zero;
                for (var quad = 0; quad < quads; quad++)
                {
                    Vector256<byte> w = Vector256.Load(values), v = Vector256.Load(values + 32);
                    var a = Vector256.Create(input[0]).AsSByte();
                    i0 = Dot(i0, w, a);
                    j0 = Dot(j0, v, a);
                    a = Vector256.Create(input[1]).AsSByte();
                    i1 = Dot(i1, w, a);
                    j1 = Dot(j1, v, a);
                    a = Vector256.Create(input[2]).AsSByte();
                    i2 = Dot(i2, w, a);
                    j2 = Dot(j2, v, a);
                    a = Vector256.Create(input[3]).AsSByte();
                    i3 = Dot(i3, w, a);
                    j3 = Dot(j3, v, a);
                    values += 64;
                    input += Tokens;
                }
                Vector256<float> low = Vector256.Load(scales), high = Vector256.Load(scales + 8);
                scales += 16;
                Scale(i0, j0, low, high, d[0], ref f0, ref g0);
                Scale(i1, j1, low, high, d[1], ref f1, ref g1);
                Scale(i2, j2, low, high, d[2], ref f2, ref g2);
                Scale(i3, j3, low, high, d[3], ref f3, ref g3);
                low = Vector256.Load(minima);
                high = Vector256.Load(minima + 8);
                minima += 16;
                Subtract(low, high, s[0], ref f0, ref g0);
                Subtract(low, high, s[1], ref f1, ref g1);
                Subtract(low, high, s[2], ref f2, ref g2);
                Subtract(low, high, s[3], ref f3, ref g3);
            }
        }
        Store(f0, g0, y, accumulate);
        if (count > 1) Store(f1, g1, y + yStride, accumulate);
        if (count > 2) Store(f2, g2, y + 2 * yStride, accumulate);
        if (count > 3) Store(f3, g3, y + 3 * yStride, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run1<THalf>(in Panel panel, Activations x, int row, int column, int blocks, float* y, bool accumulate)
        where THalf : struct, IFlag
    {
        int quads = THalf.Value ? 4 : 8, parts = THalf.Value ? 2 : 1;
        var x0 = x.Values(row) + column;
        var d0 = x.Scales(row) + column / 32;
        var s0 = Sums<THalf>(x, row, column / 32);
        Vector256<float> f0 = Vector256<float>.Zero, g0 = Vector256<float>.Zero;
        float* scales = panel.Scales, minima = panel.Minima;
        var next = panel.Next;
        for (var block = 0; block < blocks; block++)
        {
            var values = panel.Values + block * panel.Stride;
            Panel.Prefetch(ref next, panel.NextStep);
            for (var part = 0; part < parts; part++)
            {
                // Two sums a vector, so that one product need not wait for the last.
                Vector256<int> i0, i1, j0, j1;
                i0 = i1 = j0 = j1 = Vector256<int>.Zero;
                for (var quad = 0; quad < quads; quad += 2)
                {
                    Vector256<sbyte> a = Vector256.Create(*(int*)x0).AsSByte(), b = Vector256.Create(*(int*)(x0 + 4)).AsSByte();
                    i0 = Dot(i0, Vector256.Load(values), a);
                    j0 = Dot(j0, Vector256.Load(values + 32), a);
                    i1 = Dot(i1, Vector256.Load(values + 64), b);
                    j1 = Dot(j1, Vector256.Load(values + 96), b);
                    values += 128;
                    x0 += 8;
                }
                Scale(i0 + i1, j0 + j1, Vector256.Load(scales), Vector256.Load(scales + 8), d0[block], ref f0, ref g0);
                scales += 16;
                Subtract(Vector256.Load(minima), Vector256.Load(minima + 8), *s0++, ref f0, ref g0);
                minima += 16;
            }
        }
        Store(f0, g0, y, accumulate);
    }

    private static float* Sums<THalf>(Activations x, int row, int block) where THalf : struct, IFlag =>
        THalf.Value ? x.HalfSums(row) + 2 * block : x.Sums(row) + block;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Dot(Vector256<int> sum, Vector256<byte> w, Vector256<sbyte> a) => AvxVnni.MultiplyWideningAndAdd(sum, w, a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale(
        Vector256<int> i, Vector256<int> j, Vector256<float> low, Vector256<float> high, float scale, ref Vector256<float> f, ref Vector256<float> g)
    {
        var scales = Vector256.Create(scale);
        f = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(i), low * scales, f);
        g = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(j), high * scales, g);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Subtract(Vector256<float> low, Vector256<float> high, float sum, ref Vector256<float> f, ref Vector256<float> g)
    {
        var sums = Vector256.Create(sum);
        f = Fma.MultiplyAddNegated(low, sums, f);
        g = Fma.MultiplyAddNegated(high, sums, g);
    }

    private static void Store(Vector256<float> f, Vector256<float> g, float* y, bool accumulate)
    {
        (accumulate ? f + Vector256.Load(y) : f).Store(y);
        (accumulate ? g + Vector256.Load(y + 8) : g).Store(y + 8);
    }
}
