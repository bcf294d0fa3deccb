using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>
/// AVX2 products of one token with weights of 4, 5 or 6 bits, which are unpacked (<see cref="Matrices.Packing.ValuePlanes"/>) in
/// registers and multiplied at once: a token that reads each weight once has no use for them in memory. The same sums as
/// a dot kernel's, to the bit.
/// </summary>
internal static unsafe class PackedDot
{
    private const int Quad = 64;

    public static bool IsSupported => Avx2.IsSupported && Fma.IsSupported;

    public static void Run(in Panel panel, Activations x, int row, int column, int blocks, float* y, bool accumulate)
    {
        switch (panel.Bits)
        {
            case 4: Run4(panel, x, row, column, blocks, y, accumulate); break;
            case 5: Run5(panel, x, row, column, blocks, y, accumulate); break;
            default: Run6(panel, x, row, column, blocks, y, accumulate); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run4(in Panel panel, Activations x, int row, int column, int blocks, float* y, bool accumulate)
    {
        var a = x.Values(row) + column;
        float* d = x.Scales(row) + column / 32, s = x.Sums(row) + column / 32, scales = panel.Scales, minima = panel.Minima;
        Vector256<float> f = Vector256<float>.Zero, g = Vector256<float>.Zero;
        var next = panel.Next;
        for (var block = 0; block < blocks; block++, a += 32, scales += 16, minima += 16)
        {
            var packed = panel.Block(block);
            Panel.Prefetch(ref next, panel.NextStep);
            // 8 quads of products below 16 · 127 fit 16 bits.
            Vector256<short> i0, i1, j0, j1;
            i0 = i1 = j0 = j1 = Vector256<short>.Zero;
            for (var quad = 0; quad < 4; quad++, packed += Quad)
            {
                Vector256<sbyte> low = Input(a, quad), high = Input(a, quad + 4);
                Vector256<byte> first = Vector256.Load(packed), second = Vector256.Load(packed + 32);
                i0 += Avx2.MultiplyAddAdjacent(Low(first), low);
                i1 += Avx2.MultiplyAddAdjacent(High(first), high);
                j0 += Avx2.MultiplyAddAdjacent(Low(second), low);
                j1 += Avx2.MultiplyAddAdjacent(High(second), high);
            }
            Add(Widen(i0 + i1), scales, d[block], minima, s[block], ref f);
            Add(Widen(j0 + j1), scales + 8, d[block], minima + 8, s[block], ref g);
        }
        Store(f, g, y, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run5(in Panel panel, Activations x, int row, int column, int blocks, float* y, bool accumulate)
    {
        var a = x.Values(row) + column;
        float* d = x.Scales(row) + column / 32, s = x.Sums(row) + column / 32, scales = panel.Scales, minima = panel.Minima;
        Vector256<float> f = Vector256<float>.Zero, g = Vector256<float>.Zero;
        var next = panel.Next;
        for (var block = 0; block < blocks; block++, a += 32, scales += 16, minima += 16)
        {
            var packed = panel.Block(block);
            Panel.Prefetch(ref next, panel.NextStep);
            Add(Sum5(packed, a), scales, d[block], minima, s[block], ref f);
            Add(Sum5(packed + 32, a), scales + 8, d[block], minima + 8, s[block], ref g);
        }
        Store(f, g, y, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run6(in Panel panel, Activations x, int row, int column, int blocks, float* y, bool accumulate)
    {
        var a = x.Values(row) + column;
        float* d = x.Scales(row) + column / 32, s = x.HalfSums(row) + column / 16, scales = panel.Scales, minima = panel.Minima;
        Vector256<float> f = Vector256<float>.Zero, g = Vector256<float>.Zero;
        var next = panel.Next;
        for (var block = 0; block < blocks; block++, a += 32, scales += 32, minima += 32, s += 2)
        {
            var packed = panel.Block(block);
            Panel.Prefetch(ref next, panel.NextStep);
            var (first, second) = Sums6(packed, a);
            Add(first, scales, d[block], minima, s[0], ref f);
            Add(second, scales + 16, d[block], minima + 16, s[1], ref f);
            (first, second) = Sums6(packed + 32, a);
            Add(first, scales + 8, d[block], minima + 8, s[0], ref g);
            Add(second, scales + 24, d[block], minima + 24, s[1], ref g);
        }
        Store(f, g, y, accumulate);
    }

    /// <summary>8 rows of a block: 4 quads of products below 32 · 127 fit 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Sum5(byte* packed, sbyte* a)
    {
        var plane = Vector256.Load(packed + 4 * Quad).AsUInt16();
        Vector256<short> low = Vector256<short>.Zero, high = Vector256<short>.Zero;
        // Spelt out, so that each shift is by a constant; a quad's fifth bits come to stand at bit 4 of each byte.
        Add5(packed, plane << 4, plane, Input(a, 0), Input(a, 4), ref low, ref high);
        Add5(packed + Quad, plane << 3, plane >>> 1, Input(a, 1), Input(a, 5), ref low, ref high);
        Add5(packed + 2 * Quad, plane << 2, plane >>> 2, Input(a, 2), Input(a, 6), ref low, ref high);
        Add5(packed + 3 * Quad, plane << 1, plane >>> 3, Input(a, 3), Input(a, 7), ref low, ref high);
        return Widen(low) + Widen(high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add5(
        byte* packed, Vector256<ushort> lowPlane, Vector256<ushort> highPlane, Vector256<sbyte> a, Vector256<sbyte> b, ref Vector256<short> low, ref Vector256<short> high)
    {
        var both = Vector256.Load(packed);
        var bit = Vector256.Create((byte)16);
        low += Avx2.MultiplyAddAdjacent(Low(both) | (lowPlane.AsByte() & bit), a);
        high += Avx2.MultiplyAddAdjacent(High(both) | (highPlane.AsByte() & bit), b);
    }

    /// <summary>8 rows of a block's two halves: 2 quads of products below 64 · 127 fit 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<int> First, Vector256<int> Second) Sums6(byte* packed, sbyte* a)
    {
        Vector256<ushort> first = Vector256.Load(packed + 4 * Quad).AsUInt16(), second = Vector256.Load(packed + 5 * Quad).AsUInt16();
        Vector256<short> low0, low1, high0, high1;
        low0 = low1 = high0 = high1 = Vector256<short>.Zero;
        Add6(packed, first << 4, second << 4, Input(a, 0), Input(a, 4), ref low0, ref high0);
        Add6(packed + Quad, first << 2, second << 2, Input(a, 1), Input(a, 5), ref low0, ref high0);
        Add6(packed + 2 * Quad, first, second, Input(a, 2), Input(a, 6), ref low1, ref high1);
        Add6(packed + 3 * Quad, first >>> 2, second >>> 2, Input(a, 3), Input(a, 7), ref low1, ref high1);
        return (Widen(low0) + Widen(low1), Widen(high0) + Widen(high1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add6(
        byte* packed, Vector256<ushort> lowPlane, Vector256<ushort> highPlane, Vector256<sbyte> a, Vector256<sbyte> b, ref Vector256<short> low, ref Vector256<short> high)
    {
        var both = Vector256.Load(packed);
        var bits = Vector256.Create((byte)0x30);
        low += Avx2.MultiplyAddAdjacent(Low(both) | (lowPlane.AsByte() & bits), a);
        high += Avx2.MultiplyAddAdjacent(High(both) | (highPlane.AsByte() & bits), b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<sbyte> Input(sbyte* a, int quad) => Vector256.Create(*(int*)(a + 4 * quad)).AsSByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Low(Vector256<byte> both) => both & Vector256.Create((byte)15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> High(Vector256<byte> both) => (both.AsUInt16() >>> 4).AsByte() & Vector256.Create((byte)15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Widen(Vector256<short> products) => Avx2.MultiplyAddAdjacent(products, Vector256<short>.One);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector256<int> i, float* scales, float d, float* minima, float sum, ref Vector256<float> f)
    {
        f = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(i), Vector256.Load(scales) * Vector256.Create(d), f);
        f = Fma.MultiplyAddNegated(Vector256.Load(minima), Vector256.Create(sum), f);
    }

    private static void Store(Vector256<float> f, Vector256<float> g, float* y, bool accumulate)
    {
        (accumulate ? f + Vector256.Load(y) : f).Store(y);
        (accumulate ? g + Vector256.Load(y + 8) : g).Store(y + 8);
    }
}
