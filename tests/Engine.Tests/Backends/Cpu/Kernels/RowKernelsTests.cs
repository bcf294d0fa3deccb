using AgentRuntime.Engine.Backends.Cpu.Kernels;

namespace AgentRuntime.Engine.Tests.Backends.Cpu.Kernels;

/// <summary>Row kernels at every vector width that this processor has against their plain formulas.</summary>
public sealed unsafe class RowKernelsTests
{
    private static readonly int[] Lengths = [1, 3, 4, 7, 8, 15, 16, 17, 31, 64, 100];

    [Fact]
    public void RmsNorm() => ForAll((kernels, length, random) =>
    {
        float[] x = Values(random, length, 2), weight = Values(random, length, 1), y = new float[length];
        fixed (float* px = x, pw = weight, py = y) kernels.RmsNorm(px, pw, py, length, 1e-5f);
        var scale = 1 / Math.Sqrt(x.Sum(v => (double)v * v) / length + 1e-5f);
        for (var i = 0; i < length; i++) Near(x[i] * scale * weight[i], y[i], 1e-5);
    });

    [Fact]
    public void SwiGlu() => ForAll((kernels, length, random) =>
    {
        float[] gate = Values(random, length, 30), up = Values(random, length, 2), y = [.. gate];
        fixed (float* pg = y, pu = up) kernels.SwiGlu(pg, pu, length);
        for (var i = 0; i < length; i++) Near(gate[i] / (1 + Math.Exp(-gate[i])) * up[i], y[i], 1e-5);
    });

    [Fact]
    public void SwiGluAtTheEnds()
    {
        foreach (var kernels in FloatKernels.Supported)
        {
            float[] gate = [.. Enumerable.Repeat(-1000f, 16), .. Enumerable.Repeat(1000f, 16)], up = [.. Enumerable.Repeat(1f, 32)];
            fixed (float* pg = gate, pu = up) kernels.SwiGlu(pg, pu, 32);
            Assert.All(gate[..16], value => Assert.InRange(value, -1e-30f, 0));
            Assert.All(gate[16..], value => Assert.Equal(1000, value, 1e-3));
        }
    }

    [Fact]
    public void AddScaled() => ForAll((kernels, length, random) =>
    {
        float[] x = Values(random, length, 2), start = Values(random, length, 2), y = [.. start];
        fixed (float* px = x, py = y) kernels.AddScaled(px, 0.7f, py, length);
        for (var i = 0; i < length; i++) Assert.Equal(start[i] + 0.7f * (double)x[i], y[i], 1e-6);
    });

    [Fact]
    public void AddScaledToWhatIsKept() => ForAll((kernels, length, random) =>
    {
        float[] x = Values(random, length, 2), start = Values(random, length, 2), y = [.. start];
        fixed (float* px = x, py = y) kernels.AddScaled(px, 0.7f, py, 0.3f, length);
        for (var i = 0; i < length; i++) Assert.Equal(start[i] * (double)0.3f + 0.7f * (double)x[i], y[i], 1e-6);
    });

    [Fact]
    public void ScaledBytes() => ForAll((kernels, length, random) =>
    {
        var values = Values(random, length, 127).Select(v => (sbyte)v).ToArray();
        var y = new float[length];
        fixed (sbyte* pv = values)
        fixed (float* py = y)
            kernels.Scale(pv, 0.25f, py, length);
        for (var i = 0; i < length; i++) Assert.Equal(values[i] * 0.25f, y[i]);
    });

    [Fact]
    public void EveryFiniteHalfIsExact()
    {
        var halves = Enumerable.Range(0, 65536).Select(bits => (ushort)bits).Where(bits => Half.IsFinite(BitConverter.UInt16BitsToHalf(bits))).ToArray();
        var y = new float[halves.Length];
        foreach (var kernels in FloatKernels.Supported)
        {
            fixed (ushort* ph = halves)
            fixed (float* py = y)
                kernels.FromHalf(ph, py, halves.Length);
            for (var i = 0; i < halves.Length; i++) Assert.Equal((float)BitConverter.UInt16BitsToHalf(halves[i]), y[i]);
        }
    }

    [Fact]
    public void BFloats() => ForAll((kernels, length, random) =>
    {
        var values = Values(random, length, 5).Select(v => (ushort)(BitConverter.SingleToInt32Bits(v) >> 16)).ToArray();
        var y = new float[length];
        fixed (ushort* pv = values)
        fixed (float* py = y)
            kernels.FromBFloat(pv, py, length);
        for (var i = 0; i < length; i++) Assert.Equal(BitConverter.Int32BitsToSingle(values[i] << 16), y[i]);
    });

    [Fact]
    public void QuantizedActivationsAreWithinHalfAStep()
    {
        var random = new Random(1);
        foreach (var size in new[] { 0f, 1e-39f, 1e-20f, 1f, 1e20f })
        {
            using var x = new Activations(1, 96);
            for (var i = 0; i < 96; i++) x.Row(0)[i] = (float)(random.NextDouble() * 2 - 1) * size;
            x.Quantize(0, 96);
            for (var block = 0; block < 3; block++)
            {
                var scale = x.Scales(0)[block];
                double first = 0, second = 0;
                for (var i = 0; i < 32; i++)
                {
                    int value = x.Values(0)[32 * block + i];
                    Assert.InRange(value, -127, 127);
                    Assert.True(Math.Abs(value * scale - x.Row(0)[32 * block + i]) <= Math.Max(scale * 0.501f, 1e-36f));
                    if (i < 16) first += value * (double)scale;
                    else second += value * (double)scale;
                }
                Near(first, x.HalfSums(0)[2 * block], 1e-6);
                Near(second, x.HalfSums(0)[2 * block + 1], 1e-6);
                Near(first + second, x.Sums(0)[block], 1e-5);
            }
        }
    }

    private static void ForAll(Action<FloatKernels, int, Random> test)
    {
        foreach (var kernels in FloatKernels.Supported)
            foreach (var length in Lengths)
                test(kernels, length, new Random(length));
    }

    private static float[] Values(Random random, int length, float size) =>
        Enumerable.Range(0, length).Select(_ => (float)(random.NextDouble() * 2 - 1) * size).ToArray();

    private static void Near(double expected, double actual, double tolerance) =>
        Assert.True(Math.Abs(expected - actual) <= tolerance * (Math.Abs(expected) + 1e-6), $"{actual}, expected {expected}");
}
