using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>
/// AVX-512BW without VNNI: a vector holds a quad of all 16 rows. vpmaddubsw multiplies unsigned by signed bytes and adds
/// pairs in 16 bits. Weights of few bits let several quads be summed there before vpmaddwd widens them. Signed weights meet
/// inputs in split form (<see cref="TileInput"/>).
/// </summary>
internal sealed unsafe class Avx512DotKernel : DotKernel
{
    private const int Tokens = 8;

    private readonly Avx2DotKernel _single = new();

    public static bool IsSupported => Avx512BW.IsSupported && Avx2DotKernel.IsSupported;

    public override string Name => "AVX-512BW";

    public override bool FullUnsigned => false;

    public override bool ReadsPacked => _single.ReadsPacked;

    public override bool SplitsSigned => true;

    public override int TileTokens => Tokens;

    public override void Tile(in Panel panel, in TileInput x, int count, int blocks, float* y, nint yStride, bool accumulate)
    {
        if (panel.Signed) RunSigned(panel, x, count, blocks, y, yStride, accumulate);
        else if (panel.HalfScales) Run<TwoQuads, Yes>(panel, x, count, blocks, y, yStride, accumulate);
        else if (panel.Bits == 4) Run<EightQuads, No>(panel, x, count, blocks, y, yStride, accumulate);
        else Run<FourQuads, No>(panel, x, count, blocks, y, yStride, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void SplitTile1(in Panel panel, in TileInput x, int blocks, float* y, bool accumulate)
    {
        float* input = x.Blocks, scales = panel.Scales;
        var values = panel.Values;
        var next = panel.Next;
        var f = Vector512<float>.Zero;
        for (var block = 0; block < blocks; block++, values += panel.Stride, input += TileInput.SplitBlockFloats, scales += 16)
        {
            Panel.Prefetch(ref next, panel.NextStep);
            int* magnitudes = (int*)input, masks = magnitudes + TileInput.Masks;
            // Two sums, so that one product need not wait for the last.
            Vector512<int> i = Vector512.Create(magnitudes[TileInput.Corrections]), j = Vector512<int>.Zero;
            i += SignedProducts(Vector512.Load(values), magnitudes[0], masks[0]);
            j += SignedProducts(Vector512.Load(values + 64), magnitudes[1], masks[1]);
            i += SignedProducts(Vector512.Load(values + 128), magnitudes[2], masks[2]);
            j += SignedProducts(Vector512.Load(values + 192), magnitudes[3], masks[3]);
            i += SignedProducts(Vector512.Load(values + 256), magnitudes[4], masks[4]);
            j += SignedProducts(Vector512.Load(values + 320), magnitudes[5], masks[5]);
            i += SignedProducts(Vector512.Load(values + 384), magnitudes[6], masks[6]);
            j += SignedProducts(Vector512.Load(values + 448), magnitudes[7], masks[7]);
            f = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(i + j), Vector512.Load(scales) * Vector512.Create(input[TileInput.Scales]), f);
        }
        Store(f, y, accumulate);
    }

    // Weights of few bits are unpacked in registers, which 256 bits do as fast; they wait for memory.
    public override void Tile1(in Panel panel, Activations x, int row, int column, int blocks, float* y, bool accumulate) =>
        _single.Tile1(panel, x, row, column, blocks, y, accumulate);

    /// <summary>Unsigned weights, of which <typeparamref name="TQuads"/> says how many quads' products fit 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Run<TQuads, THalf>(in Panel panel, in TileInput x, int count, int blocks, float* y, nint yStride, bool accumulate)
        where TQuads : struct, IQuads where THalf : struct, IFlag
    {
        var parts = THalf.Value ? 2 : 1;
        float* inputs = x.Blocks, s = x.Sums;
        Vector512<float> f0, f1, f2, f3, f4, f5, f6, f7;
        f0 = f1 = f2 = f3 = f4 = f5 = f6 = f7 = Vector512<float>.Zero;
        float* scales = panel.Scales, minima = panel.Minima;
        var next = panel.Next;
        for (var block = 0; block < blocks; block++, inputs += TileInput.BlockFloats * Tokens)
        {
            var values = panel.Values + block * panel.Stride;
            Panel.Prefetch(ref next, panel.NextStep);
            var input = (int*)inputs;
            var d = inputs + TileInput.Scales * Tokens;
            for (var part = 0; part < parts; part++, s += Tokens, scales += 16, minima += 16)
            {
                Vector512<int> i0, i1, i2, i3, i4, i5, i6, i7;
                i0 = i1 = i2 = i3 = i4 = i5 = i6 = i7 = Vector512<int>.Zero;
                for (var quad = 0; quad < 8 / parts; quad += TQuads.Count)
                {
                    Vector512<short> p0, p1, p2, p3, p4, p5, p6, p7;
                    p0 = p1 = p2 = p3 = p4 = p5 = p6 = p7 = Vector512<short>.Zero;
                    for (var n = 0; n < TQuads.Count; n++, values += 64, input += Tokens)
                    {
                        var w = Vector512.Load(values);
                        p0 += Products(w, input[0]);
                        p1 += Products(w, input[1]);
                        p2 += Products(w, input[2]);
                        p3 += Products(w, input[3]);
                        p4 += Products(w, input[4]);
                        p5 += Products(w, input[5]);
                        p6 += Products(w, input[6]);
                        p7 += Products(w, input[7]);
                    }
                    i0 = Widen<TQuads>(i0, p0);
                    i1 = Widen<TQuads>(i1, p1);
                    i2 = Widen<TQuads>(i2, p2);
                    i3 = Widen<TQuads>(i3, p3);
                    i4 = Widen<TQuads>(i4, p4);
                    i5 = Widen<TQuads>(i5, p5);
                    i6 = Widen<TQuads>(i6, p6);
                    i7 = Widen<TQuads>(i7, p7);
                }
                Vector512<float> scale = Vector512.Load(scales), minimum = Vector512.Load(minima);
                f0 = Add(f0, i0, scale, d[0], minimum, s[0]);
                f1 = Add(f1, i1, scale, d[1], minimum, s[1]);
                f2 = Add(f2, i2, scale, d[2], minimum, s[2]);
                f3 = Add(f3, i3, scale, d[3], minimum, s[3]);
                f4 = Add(f4, i4, scale, d[4], minimum, s[4]);
                f5 = Add(f5, i5, scale, d[5], minimum, s[5]);
                f6 = Add(f6, i6, scale, d[6], minimum, s[6]);
                f7 = Add(f7, i7, scale, d[7], minimum, s[7]);
            }
        }
        Store(f0, f1, f2, f3, y, yStride, count, accumulate);
        Store(f4, f5, f6, f7, y + 4 * yStride, yStride, count - 4, accumulate);
    }

    /// <summary>Signed weights; a quad's sums are widened at once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RunSigned(in Panel panel, in TileInput x, int count, int blocks, float* y, nint yStride, bool accumulate)
    {
        Vector512<float> f0, f1, f2, f3, f4, f5, f6, f7;
        f0 = f1 = f2 = f3 = f4 = f5 = f6 = f7 = Vector512<float>.Zero;
        float* inputs = x.Blocks, scales = panel.Scales;
        var next = panel.Next;
        for (var block = 0; block < blocks; block++, inputs += TileInput.SplitBlockFloats * Tokens, scales += 16)
        {
            var values = panel.Values + block * panel.Stride;
            Panel.Prefetch(ref next, panel.NextStep);
            int* input = (int*)inputs, masks = input + TileInput.Masks * Tokens, corrections = input + TileInput.Corrections * Tokens;
            Vector512<int> i0, i1, i2, i3, i4, i5, i6, i7;
            i0 = Vector512.Create(corrections[0]);
            i1 = Vector512.Create(corrections[1]);
            i2 = Vector512.Create(corrections[2]);
            i3 = Vector512.Create(corrections[3]);
            i4 = Vector512.Create(corrections[4]);
            i5 = Vector512.Create(corrections[5]);
            i6 = Vector512.Create(corrections[6]);
            i7 = Vector512.Create(corrections[7]);
            for (var quad = 0; quad < 8; quad++, values += 64, input += Tokens, masks += Tokens)
            {
                var w = Vector512.Load(values);
                i0 += SignedProducts(w, input[0], masks[0]);
                i1 += SignedProducts(w, input[1], masks[1]);
                i2 += SignedProducts(w, input[2], masks[2]);
                i3 += SignedProducts(w, input[3], masks[3]);
                i4 += SignedProducts(w, input[4], masks[4]);
                i5 += SignedProducts(w, input[5], masks[5]);
                i6 += SignedProducts(w, input[6], masks[6]);
                i7 += SignedProducts(w, input[7], masks[7]);
            }
            var d = inputs + TileInput.Scales * Tokens;
            var scale = Vector512.Load(scales);
            f0 = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(i0), scale * Vector512.Create(d[0]), f0);
            f1 = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(i1), scale * Vector512.Create(d[1]), f1);
            f2 = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(i2), scale * Vector512.Create(d[2]), f2);
            f3 = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(i3), scale * Vector512.Create(d[3]), f3);
            f4 = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(i4), scale * Vector512.Create(d[4]), f4);
            f5 = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(i5), scale * Vector512.Create(d[5]), f5);
            f6 = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(i6), scale * Vector512.Create(d[6]), f6);
            f7 = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(i7), scale * Vector512.Create(d[7]), f7);
        }
        Store(f0, f1, f2, f3, y, yStride, count, accumulate);
        Store(f4, f5, f6, f7, y + 4 * yStride, yStride, count - 4, accumulate);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> SignedProducts(Vector512<byte> w, int magnitudes, int masks)
    {
        // Two products of at most 127 · 128 fit 16 bits.
        var signed = (w ^ Vector512.Create(masks).AsByte()).AsSByte();
        return Avx512BW.MultiplyAddAdjacent(Avx512BW.MultiplyAddAdjacent(Vector512.Create(magnitudes).AsByte(), signed), Vector512<short>.One);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Products(Vector512<byte> w, int input) => Avx512BW.MultiplyAddAdjacent(w, Vector512.Create(input).AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Widen<TQuads>(Vector512<int> sum, Vector512<short> products) where TQuads : struct, IQuads
    {
        var wide = Avx512BW.MultiplyAddAdjacent(products, Vector512<short>.One);
        return TQuads.Count == 8 ? wide : sum + wide;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Add(Vector512<float> f, Vector512<int> i, Vector512<float> scale, float d, Vector512<float> minimum, float sum)
    {
        f = Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(i), scale * Vector512.Create(d), f);
        return Avx512F.FusedMultiplyAddNegated(minimum, Vector512.Create(sum), f);
    }

    private static void Store(Vector512<float> f0, Vector512<float> f1, Vector512<float> f2, Vector512<float> f3, float* y, nint yStride, int count, bool accumulate)
    {
        if (count > 0) Store(f0, y, accumulate);
        if (count > 1) Store(f1, y + yStride, accumulate);
        if (count > 2) Store(f2, y + 2 * yStride, accumulate);
        if (count > 3) Store(f3, y + 3 * yStride, accumulate);
    }

    private static void Store(Vector512<float> value, float* y, bool accumulate) => (accumulate ? value + Vector512.Load(y) : value).Store(y);

    /// <summary>A constant type argument: of how many quads the sum of products fits 16 bits.</summary>
    private interface IQuads
    {
        static abstract int Count { get; }
    }

    // 8 · 2 · 15 · 127, 4 · 2 · 31 · 127 and 2 · 2 · 63 · 127 are below 32768.
    private readonly struct EightQuads : IQuads
    {
        public static int Count { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => 8; }
    }

    private readonly struct FourQuads : IQuads
    {
        public static int Count { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => 4; }
    }

    private readonly struct TwoQuads : IQuads
    {
        public static int Count { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => 2; }
    }
}
