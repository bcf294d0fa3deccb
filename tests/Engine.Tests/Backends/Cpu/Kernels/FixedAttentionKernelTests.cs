using AgentRuntime.Engine.Backends.Cpu.Attention;
using AgentRuntime.Engine.Backends.Cpu.Kernels;

namespace AgentRuntime.Engine.Tests.Backends.Cpu.Kernels;

/// <summary>Attention's products in 16-bit integers against doubles, at every vector width and over odd lengths.</summary>
public sealed unsafe class FixedAttentionKernelTests
{
    private const int Keys = 32;

    private static readonly (int Length, float Size)[] Cases =
        [(1, 1), (2, 1), (3, 1), (15, 1), (16, 1e-20f), (17, 1e-3f), (33, 100), (64, 1), (64, 6e4f), (80, 1), (128, 1), (256, 1e10f)];

    [Fact]
    public void Scores() => ForAll((kernels, length, size, random) =>
    {
        float[][] keys = Rows(random, Keys, length, size), queries = Rows(random, 4, length, 3);
        var scores = Products(kernels, queries, keys, length);
        for (var r = 0; r < 4; r++)
        {
            for (var j = 0; j < Keys; j++)
            {
                // Half a step of either operand in each product.
                double q = queries[r].Max(Math.Abs), k = keys[j].Max(Math.Abs);
                var tolerance = length * q * k * (0.5 / FixedLimits.OfQuery(length) + 0.5 / FixedLimits.Largest + 1e-6);
                Assert.Equal(queries[r].Zip(keys[j], (a, b) => (double)a * b).Sum(), scores[r * Keys + j], tolerance);
            }
        }
    });

    [Fact]
    public void LargestOperandsDoNotOverflow() => ForAll((kernels, length, size, _) =>
    {
        var keys = Enumerable.Repeat(Enumerable.Repeat(-size, length).ToArray(), Keys).ToArray();
        var queries = Enumerable.Repeat(Enumerable.Repeat(-2f, length).ToArray(), 4).ToArray();
        Assert.All(Products(kernels, queries, keys, length), score => Assert.Equal(2.0 * size * length, score, 1e-5 * size * length));
    });

    [Fact]
    public void WeightedValues() => ForAll((kernels, length, size, random) =>
    {
        // Some tokens count for nothing: what lies in their place must not matter.
        const int first = 3, end = 29;
        var stride = KvStore.FixedValueStride(length);
        var rows = Rows(random, Keys, length, size);
        var p = Enumerable.Range(0, 4 * Keys).Select(i => i % Keys is >= first and < end ? random.NextSingle() * MathF.Exp(-i / Keys * 8) : 0).ToArray();
        float[] factors = [0, 1, 0.5f, 2], start = Rows(random, 1, 4 * stride, size)[0], o = [.. start], valueScales = new float[Keys], scales = new float[4];
        var values = new short[Keys * stride];
        var row = new short[length];
        var weights = new short[4 * Keys];
        fixed (float* pp = p, vs = valueScales, s = scales, f = factors, po = o)
        fixed (short* v = values, i = row, w = weights)
        {
            for (var j = 0; j < Keys; j++)
            {
                fixed (float* x = rows[j]) vs[j] = kernels.RoundToFixed(x, length, FixedLimits.Largest, i);
                for (var d = 0; d < length; d++) v[j / 2 * 2 * stride + 2 * d + j % 2] = i[d];
            }
            kernels.FixedWeights(pp, vs, w, s);
            kernels.FixedValues(w, s, (int*)v, stride, first / 2, (end + 1) / 2, f, po, Ahead.Nothing);
        }
        for (var r = 0; r < 4; r++)
        {
            var total = p.AsSpan(r * Keys, Keys).ToArray().Sum();
            for (var d = 0; d < length; d++)
            {
                double sum = start[r * stride + d] * factors[r];
                for (var j = first; j < end; j++) sum += p[r * Keys + j] * (double)rows[j][d];
                Assert.Equal(sum, o[r * stride + d], (1e-3 * total + 1e-6) * size);
            }
        }
    });

    private static float[] Products(FloatKernels kernels, float[][] queries, float[][] keys, int length)
    {
        var pairs = (length + 1) / 2;
        short[] query = new short[4 * 2 * pairs], key = new short[Keys * 2 * pairs], row = new short[length];
        float[] queryScales = new float[4], keyScales = new float[Keys], scores = new float[4 * Keys];
        fixed (float* qs = queryScales, ks = keyScales, s = scores)
        fixed (short* q = query, k = key, i = row)
        {
            for (var j = 0; j < Keys; j++)
            {
                fixed (float* x = keys[j]) ks[j] = kernels.RoundToFixed(x, length, FixedLimits.Largest, i);
                for (var d = 0; d < length; d++) k[(d / 2 * Keys + j) * 2 + d % 2] = i[d];
            }
            for (var r = 0; r < 4; r++)
            {
                fixed (float* x = queries[r]) qs[r] = kernels.RoundToFixed(x, length, FixedLimits.OfQuery(length), q + r * 2 * pairs);
            }
            kernels.FixedScores(q, pairs, qs, (int*)k, ks, s, Ahead.Nothing);
        }
        return scores;
    }

    private static void ForAll(Action<FloatKernels, int, float, Random> test)
    {
        foreach (var kernels in FloatKernels.Supported)
            foreach (var (length, size) in Cases)
                test(kernels, length, size, new Random(length));
    }

    private static float[][] Rows(Random random, int count, int length, float size) =>
        Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, length).Select(_ => (random.NextSingle() * 2 - 1) * size).ToArray()).ToArray();
}
