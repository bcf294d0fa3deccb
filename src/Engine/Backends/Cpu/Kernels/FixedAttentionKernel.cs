using System.Runtime.CompilerServices;

namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>
/// The products of attention in 16-bit integers, two of which a processor multiplies and adds in about the time of one
/// float. Each query row, key, value and row of softmax weights has its own scale, its largest magnitude over
/// <see cref="FixedLimits.Largest"/>, so a token's integers do not depend on its neighbours; 32-bit sums within a block of 32 tokens are
/// exact, and blocks are added in floats. Rounding is at most 2^-14 of a row's largest magnitude (of queries at most half
/// a step of <see cref="FixedLimits.OfQuery"/>), less than the 2^-12 by which F16 rounds that magnitude itself.
/// 4 rows are computed together, as in <see cref="AttentionTileKernel{TLanes, V}"/>.
/// Tolerance against plain softmax attention: 1e-3 of the largest value.
/// </summary>
internal static unsafe class FixedAttentionKernel<TLanes, V> where TLanes : struct, IFloatLanes<V> where V : unmanaged
{
    private const int Keys = RunnerOptions.BlockTokens;

    private const int Limit = FixedLimits.Largest;

    /// <summary>Rounds a row to integers of at most <paramref name="limit"/>; gives its scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Round(float* x, int length, int limit, short* integers)
    {
        var largest = TLanes.Create(0);
        var d = 0;
        for (; d <= length - TLanes.Width; d += TLanes.Width) largest = TLanes.Max(largest, TLanes.Abs(TLanes.Load(x + d)));
        var magnitude = TLanes.MaxAcross(largest);
        for (; d < length; d++) magnitude = MathF.Max(magnitude, MathF.Abs(x[d]));
        var inverse = Inverse(magnitude, limit);
        for (d = 0; d <= length - TLanes.Width; d += TLanes.Width)
            TLanes.StoreShorts(TLanes.Multiply(TLanes.Load(x + d), TLanes.Create(inverse)), integers + d);
        for (; d < length; d++) integers[d] = (short)MathF.Round(x[d] * inverse);
        return magnitude / limit;
    }

    /// <summary>
    /// scores[r][j] = Σ_d q[r][d] · k[d][j] for 4 rows and 32 tokens, from integers and their scales. Rows are
    /// <paramref name="pairs"/> pairs of dimensions long; keys lie [pair][token]. Brings near what comes <paramref name="ahead"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scores(short* q, int pairs, float* queryScales, int* k, float* keyScales, float* scores, Ahead ahead)
    {
        ahead.Spread(pairs * (Keys / (2 * TLanes.Width)), k);
        float* q0 = (float*)q, q1 = q0 + pairs, q2 = q1 + pairs, q3 = q2 + pairs;
        for (var j = 0; j < Keys; j += 2 * TLanes.Width)
        {
            V a0, a1, b0, b1, c0, c1, d0, d1;
            a0 = a1 = b0 = b1 = c0 = c1 = d0 = d1 = TLanes.Create(0);
            var row = (float*)k + j;
            for (nint d = 0; d < pairs; d++, row += Keys)
            {
                ahead.Step();
                V k0 = TLanes.Load(row), k1 = TLanes.Load(row + TLanes.Width);
                var pair = TLanes.Create(q0[d]);
                a0 = TLanes.AddPairProducts(a0, pair, k0);
                a1 = TLanes.AddPairProducts(a1, pair, k1);
                pair = TLanes.Create(q1[d]);
                b0 = TLanes.AddPairProducts(b0, pair, k0);
                b1 = TLanes.AddPairProducts(b1, pair, k1);
                pair = TLanes.Create(q2[d]);
                c0 = TLanes.AddPairProducts(c0, pair, k0);
                c1 = TLanes.AddPairProducts(c1, pair, k1);
                pair = TLanes.Create(q3[d]);
                d0 = TLanes.AddPairProducts(d0, pair, k0);
                d1 = TLanes.AddPairProducts(d1, pair, k1);
            }
            V s0 = TLanes.Load(keyScales + j), s1 = TLanes.Load(keyScales + j + TLanes.Width);
            StoreScores(scores + j, a0, a1, s0, s1, queryScales[0]);
            StoreScores(scores + Keys + j, b0, b1, s0, s1, queryScales[1]);
            StoreScores(scores + 2 * Keys + j, c0, c1, s0, s1, queryScales[2]);
            StoreScores(scores + 3 * Keys + j, d0, d1, s0, s1, queryScales[3]);
        }
    }

    /// <summary>
    /// Rounds 4 rows of softmax weights, times the values' scales, to integers: weights[r][j] · scales[r] ≈ p[r][j] · valueScales[j].
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Weights(float* p, float* valueScales, short* weights, float* scales)
    {
        for (var r = 0; r < 4; r++, p += Keys, weights += Keys)
        {
            var largest = TLanes.Create(0);
            for (var j = 0; j < Keys; j += TLanes.Width)
                largest = TLanes.Max(largest, TLanes.Multiply(TLanes.Load(p + j), TLanes.Load(valueScales + j)));
            var magnitude = TLanes.MaxAcross(largest);
            scales[r] = magnitude / Limit;
            var inverse = TLanes.Create(Inverse(magnitude, Limit));
            for (var j = 0; j < Keys; j += TLanes.Width)
                TLanes.StoreShorts(TLanes.Multiply(TLanes.Multiply(TLanes.Load(p + j), TLanes.Load(valueScales + j)), inverse), weights + j);
        }
    }

    /// <summary>
    /// o[r] = o[r] · factors[r] + scales[r] · Σ_j weights[r][j] · v[j] for 4 rows, <paramref name="stride"/> floats apart, a
    /// multiple of two vectors, from the pairs of tokens in [first, end); values lie [pair of tokens][dimension]. Brings near
    /// what comes <paramref name="ahead"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Values(short* weights, float* scales, int* v, int stride, int first, int end, float* factors, float* o, Ahead ahead)
    {
        ahead.Spread(Math.Max(1, end - first) * (stride / (2 * TLanes.Width)), v);
        float* p0 = (float*)weights, p1 = p0 + Keys / 2, p2 = p1 + Keys / 2, p3 = p2 + Keys / 2;
        for (nint d = 0; d < stride; d += 2 * TLanes.Width, o += 2 * TLanes.Width)
        {
            V a0, a1, b0, b1, c0, c1, d0, d1;
            a0 = a1 = b0 = b1 = c0 = c1 = d0 = d1 = TLanes.Create(0);
            var row = (float*)v + first * stride + d;
            for (nint j = first; j < end; j++, row += stride)
            {
                ahead.Step();
                V v0 = TLanes.Load(row), v1 = TLanes.Load(row + TLanes.Width);
                var pair = TLanes.Create(p0[j]);
                a0 = TLanes.AddPairProducts(a0, pair, v0);
                a1 = TLanes.AddPairProducts(a1, pair, v1);
                pair = TLanes.Create(p1[j]);
                b0 = TLanes.AddPairProducts(b0, pair, v0);
                b1 = TLanes.AddPairProducts(b1, pair, v1);
                pair = TLanes.Create(p2[j]);
                c0 = TLanes.AddPairProducts(c0, pair, v0);
                c1 = TLanes.AddPairProducts(c1, pair, v1);
                pair = TLanes.Create(p3[j]);
                d0 = TLanes.AddPairProducts(d0, pair, v0);
                d1 = TLanes.AddPairProducts(d1, pair, v1);
            }
            AddTo(o, a0, a1, scales[0], factors[0]);
            AddTo(o + stride, b0, b1, scales[1], factors[1]);
            AddTo(o + 2 * stride, c0, c1, scales[2], factors[2]);
            AddTo(o + 3 * stride, d0, d1, scales[3], factors[3]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreScores(float* scores, V a0, V a1, V keyScale0, V keyScale1, float queryScale)
    {
        var scale = TLanes.Create(queryScale);
        TLanes.Store(TLanes.Multiply(TLanes.FromIntegers(a0), TLanes.Multiply(keyScale0, scale)), scores);
        TLanes.Store(TLanes.Multiply(TLanes.FromIntegers(a1), TLanes.Multiply(keyScale1, scale)), scores + TLanes.Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddTo(float* o, V a0, V a1, float scale, float factor)
    {
        V scales = TLanes.Create(scale), factors = TLanes.Create(factor);
        TLanes.Store(TLanes.MultiplyAdd(TLanes.FromIntegers(a0), scales, TLanes.Multiply(TLanes.Load(o), factors)), o);
        TLanes.Store(TLanes.MultiplyAdd(TLanes.FromIntegers(a1), scales, TLanes.Multiply(TLanes.Load(o + TLanes.Width), factors)), o + TLanes.Width);
    }

    /// <summary>What brings a magnitude to the limit; 0 where there is nothing to bring.</summary>
    private static float Inverse(float magnitude, int limit) => magnitude > 1e-30f ? limit / magnitude : 0;
}
