using System.Runtime.CompilerServices;
using AgentRuntime.Engine.Backends.Cpu.Attention;

namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>
/// Attention of query rows over one KV block of 32 tokens, with online softmax (FlashAttention, arXiv 2205.14135).
/// A row is a query head of a token; 4 rows are computed together. Keys lie transposed, [dimension][token], so that a
/// vector holds one dimension of many tokens and no sum runs across a vector; values lie [token][dimension].
/// A row's result does not depend on the rows beside it. Tolerance against plain softmax attention: 1e-5 relative.
/// </summary>
internal static unsafe class AttentionTileKernel<TLanes, V> where TLanes : struct, IFloatLanes<V> where V : unmanaged
{
    private const int SumLanes = AttentionScratch.SumLanes;
    private const int Keys = RunnerOptions.BlockTokens;

    // Exponentials stay below e^8, far from overflow, and most blocks need no rescaling.
    private const float Slack = 8;

    /// <summary>
    /// scores[r][j] = Σ_d q[r][d] · k[d][j] for 4 rows (stride <paramref name="length"/>) and 32 tokens. Brings near what comes
    /// <paramref name="ahead"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scores(float* q, float* k, int length, float* scores, Ahead ahead)
    {
        ahead.Spread(length * (Keys / (2 * TLanes.Width)), k);
        float* q1 = q + length, q2 = q1 + length, q3 = q2 + length;
        for (var j = 0; j < Keys; j += 2 * TLanes.Width)
        {
            V a0, a1, b0, b1, c0, c1, d0, d1;
            a0 = a1 = b0 = b1 = c0 = c1 = d0 = d1 = TLanes.Create(0);
            var row = k + j;
            for (nint d = 0; d < length; d++, row += Keys)
            {
                ahead.Step();
                V k0 = TLanes.Load(row), k1 = TLanes.Load(row + TLanes.Width);
                var value = TLanes.Create(q[d]);
                a0 = TLanes.MultiplyAdd(value, k0, a0);
                a1 = TLanes.MultiplyAdd(value, k1, a1);
                value = TLanes.Create(q1[d]);
                b0 = TLanes.MultiplyAdd(value, k0, b0);
                b1 = TLanes.MultiplyAdd(value, k1, b1);
                value = TLanes.Create(q2[d]);
                c0 = TLanes.MultiplyAdd(value, k0, c0);
                c1 = TLanes.MultiplyAdd(value, k1, c1);
                value = TLanes.Create(q3[d]);
                d0 = TLanes.MultiplyAdd(value, k0, d0);
                d1 = TLanes.MultiplyAdd(value, k1, d1);
            }
            Store(scores + j, a0, a1);
            Store(scores + Keys + j, b0, b1);
            Store(scores + 2 * Keys + j, c0, c1);
            Store(scores + 3 * Keys + j, d0, d1);
        }
    }

    /// <summary>
    /// Online softmax of 4 rows: replaces their 32 scores by e^(score - reference) and adds those to the row's sums
    /// (<see cref="AttentionScratch.SumLanes"/> partial sums a row). The reference moves up to the row's largest score only when that
    /// exceeds it by more than <see cref="Slack"/>, which is rare; the row's factor then says by how much what was
    /// accumulated before must shrink. Tokens of row r outside [first[r], end[r]) count for nothing.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Softmax(float* scores, int* first, int* end, float* references, float* sums, float* factors)
    {
        for (var r = 0; r < 4; r++, scores += Keys, sums += SumLanes)
        {
            var masked = first[r] > 0 || end[r] < Keys;
            if (masked) Mask(scores, first[r], end[r], float.NegativeInfinity);
            var largest = TLanes.Load(scores);
            for (var j = TLanes.Width; j < Keys; j += TLanes.Width) largest = TLanes.Max(largest, TLanes.Load(scores + j));
            var factor = 1f;
            if (TLanes.AnyGreater(largest, TLanes.Create(references[r] + Slack)))
            {
                var next = TLanes.MaxAcross(largest);
                factor = MathF.Exp(references[r] - next);
                references[r] = next;
            }
            factors[r] = factor;
            var shift = TLanes.Create(references[r]);
            var total = TLanes.Multiply(TLanes.Load(sums), TLanes.Create(factor));
            for (var j = 0; j < Keys; j += TLanes.Width)
            {
                var p = ExpKernel<TLanes, V>.Exp(TLanes.Subtract(TLanes.Load(scores + j), shift));
                TLanes.Store(p, scores + j);
                total = TLanes.Add(total, p);
            }
            TLanes.Store(total, sums);
            // The vector exponential ends at 1e-38, not at 0: masked tokens count for nothing at all.
            if (masked) Mask(scores, first[r], end[r], 0);
        }
    }

    /// <summary>The sum that a row's partial sums make.</summary>
    public static float Sum(float* sums) => TLanes.Sum(TLanes.Load(sums));

    /// <summary>o[r] = o[r] · factors[r] + Σ_j p[r][j] · v[j], for 4 rows (stride <paramref name="length"/>), j in [first, end).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Values(float* p, float* v, int length, int first, int end, float* factors, float* o)
    {
        float* p1 = p + Keys, p2 = p1 + Keys, p3 = p2 + Keys;
        float* o1 = o + length, o2 = o1 + length, o3 = o2 + length;
        V f0 = TLanes.Create(factors[0]), f1 = TLanes.Create(factors[1]), f2 = TLanes.Create(factors[2]), f3 = TLanes.Create(factors[3]);
        nint d = 0;
        for (; d <= length - 2 * TLanes.Width; d += 2 * TLanes.Width)
        {
            var e = d + TLanes.Width;
            V a0 = TLanes.Multiply(TLanes.Load(o + d), f0), a1 = TLanes.Multiply(TLanes.Load(o + e), f0);
            V b0 = TLanes.Multiply(TLanes.Load(o1 + d), f1), b1 = TLanes.Multiply(TLanes.Load(o1 + e), f1);
            V c0 = TLanes.Multiply(TLanes.Load(o2 + d), f2), c1 = TLanes.Multiply(TLanes.Load(o2 + e), f2);
            V d0 = TLanes.Multiply(TLanes.Load(o3 + d), f3), d1 = TLanes.Multiply(TLanes.Load(o3 + e), f3);
            for (nint j = first; j < end; j++)
            {
                V v0 = TLanes.Load(v + j * length + d), v1 = TLanes.Load(v + j * length + e);
                var weight = TLanes.Create(p[j]);
                a0 = TLanes.MultiplyAdd(weight, v0, a0);
                a1 = TLanes.MultiplyAdd(weight, v1, a1);
                weight = TLanes.Create(p1[j]);
                b0 = TLanes.MultiplyAdd(weight, v0, b0);
                b1 = TLanes.MultiplyAdd(weight, v1, b1);
                weight = TLanes.Create(p2[j]);
                c0 = TLanes.MultiplyAdd(weight, v0, c0);
                c1 = TLanes.MultiplyAdd(weight, v1, c1);
                weight = TLanes.Create(p3[j]);
                d0 = TLanes.MultiplyAdd(weight, v0, d0);
                d1 = TLanes.MultiplyAdd(weight, v1, d1);
            }
            Store(o + d, a0, a1);
            Store(o1 + d, b0, b1);
            Store(o2 + d, c0, c1);
            Store(o3 + d, d0, d1);
        }
        for (; d < length; d++)
        {
            for (var r = 0; r < 4; r++)
            {
                var sum = o[r * length + d] * factors[r];
                for (var j = first; j < end; j++) sum = MathF.FusedMultiplyAdd(p[r * Keys + j], v[j * length + d], sum);
                o[r * length + d] = sum;
            }
        }
    }

    private static void Mask(float* scores, int first, int end, float value)
    {
        for (var j = 0; j < Math.Min(first, Keys); j++) scores[j] = value;
        for (var j = Math.Max(end, 0); j < Keys; j++) scores[j] = value;
    }

    private static void Store(float* destination, V first, V second)
    {
        TLanes.Store(first, destination);
        TLanes.Store(second, destination + TLanes.Width);
    }
}
