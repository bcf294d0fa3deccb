using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Backends.Cuda.Kernels;
using AgentRuntime.Engine.Backends.Cuda.Memory;
using AgentRuntime.Engine.Backends.Cuda.Model;
using AgentRuntime.Engine.Models.Synthesis;

namespace AgentRuntime.Engine.Tests.Backends.Cuda;

/// <summary>Attention of a few tokens against a plain one, over KV blocks that the rope kernel filled and that lie in no order.</summary>
[Collection(CudaCollection.Name)]
public sealed unsafe class DecodeAttentionTests
{
    private const int Tokens = RunnerOptions.BlockTokens;

    // Long contexts have several parts on the emulation's two multiprocessors.
    [Theory]
    [InlineData(64, 64, 4, 1, 0, KvType.F16, new[] { 700 })]
    [InlineData(128, 128, 8, 2, 0, KvType.F16, new[] { 1, 300, 33 })]
    [InlineData(128, 96, 7, 1, 50, KvType.F16, new[] { 260, 40 })]
    [InlineData(100, 100, 2, 2, 0, KvType.F16, new[] { 150 })]
    [InlineData(192, 256, 20, 1, 0, KvType.F16, new[] { 130 })]
    [InlineData(40, 24, 2, 2, 0, KvType.F32, new[] { 95, 520 })]
    [InlineData(256, 130, 6, 1, 300, KvType.F32, new[] { 400 })]
    [InlineData(128, 128, 4, 1, 0, KvType.Q8_0, new[] { 520 })]
    [InlineData(80, 36, 5, 1, 0, KvType.Q8_0, new[] { 31, 64 })]
    [InlineData(256, 256, 8, 1, 0, KvType.Q8_0, new[] { 200 })]
    public void AttendsAsPlainLoopsDo(int keyLength, int valueLength, int heads, int kvHeads, int window, KvType type, int[] contexts)
    {
        var config = ModelShape.Find("tiny-test").Config with { Layers = 2, Heads = heads, KvHeads = kvHeads, HeadLength = keyLength, ValueHeadLength = valueLength, SlidingWindow = window };
        using var device = new CudaDevice(EmulatedGpu.Driver(), 0);
        using var kernels = new KernelModule(device);
        var random = new Random(keyLength + heads + contexts[0]);
        var blocks = contexts.Sum(context => (context + Tokens - 1) / Tokens);
        var pool = new KvPool(device, config, type, blocks);
        var batch = new CudaBatch(device, contexts.Max(), heads / kvHeads, PrefillAttention.TileRows(config), blocks, vocabulary: 0);
        float[][] keys = new float[contexts.Length][], values = new float[contexts.Length][];
        var slices = new SequenceSlice[contexts.Length];
        for (int s = 0, first = 0; s < contexts.Length; s++)
        {
            var count = (contexts[s] + Tokens - 1) / Tokens;
            slices[s] = new(s, 1, contexts[s] - 1, [.. Enumerable.Range(first, count).Reverse()]);
            first += count;
            (keys[s], values[s]) = (Floats(contexts[s] * kvHeads * keyLength, random), Floats(contexts[s] * kvHeads * valueLength, random));
            batch.Load(new(new int[contexts[s]], [new SequenceSlice(0, contexts[s], 0, slices[s].Blocks)], new int[1]));
            kernels.Launch(kernels["rope"], (contexts[s], Operators.Ceiling(2 * kvHeads, 8), 1), 256, new RopeParams
            {
                Kv = pool.Layer(1),
                Batch = batch.Layout,
                Key = Send(device, keys[s]),
                Value = Send(device, values[s]),
            });
            device.Synchronize();
            Round(keys[s], keyLength, type);
            Round(values[s], valueLength, type);
        }
        batch.Load(new(new int[contexts.Length], slices, [.. Enumerable.Range(0, contexts.Length)]));
        var query = Floats(contexts.Length * heads * keyLength, random);
        ulong from = Send(device, query), to = device.AllocateFloats(contexts.Length * heads * valueLength);
        var attention = new DecodeAttention(config, kernels, type, new(device, config));
        var actual = new float[contexts.Length * heads * valueLength];
        // Twice: what the parts counted must be zero again.
        for (var round = 0; round < 2; round++)
        {
            attention.Attend(new() { Kv = pool.Layer(1), Batch = batch.Layout, Query = from, Heads = heads }, contexts.Length, to, finish: false);
            fixed (float* target = actual) device.Driver.CopyToHost(target, to, actual.Length * sizeof(float), device.Stream);
            device.Synchronize();
            for (var s = 0; s < contexts.Length; s++)
            {
                for (var head = 0; head < heads; head++)
                {
                    var expected = Attend(query.AsSpan((s * heads + head) * keyLength, keyLength), keys[s], values[s], head / (heads / kvHeads), kvHeads, contexts[s], window, valueLength);
                    for (var d = 0; d < valueLength; d++)
                    {
                        var found = actual[(s * heads + head) * valueLength + d];
                        Assert.True(Math.Abs(expected[d] - found) <= 1e-4, $"sequence {s}, head {head}, dimension {d}: {found} instead of {expected[d]}");
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData(64, 64, 4, 2, 1, KvType.F16, new[] { 1, 33, 64 })]
    [InlineData(128, 72, 9, 1, 0, KvType.Q8_0, new[] { 300 })]
    [InlineData(40, 36, 3, 3, 1, KvType.F32, new[] { 200, 7 })]
    public void FinishesQueriesKeysAndValuesAsTheRopeKernelDoes(int keyLength, int valueLength, int heads, int kvHeads, int halfSplit, KvType type, int[] contexts)
    {
        var config = ModelShape.Find("tiny-test").Config with { Layers = 1, Heads = heads, KvHeads = kvHeads, HeadLength = keyLength, ValueHeadLength = valueLength, SlidingWindow = 0 };
        using var device = new CudaDevice(EmulatedGpu.Driver(), 0);
        using var kernels = new KernelModule(device);
        var random = new Random(contexts[0]);
        var (count, pairs) = (contexts.Length, keyLength / 2 - 4);
        var blocks = contexts.Sum(context => (context + Tokens - 1) / Tokens);
        var pool = new KvPool(device, config, type, blocks);
        var slices = new SequenceSlice[count];
        for (int s = 0, first = 0; s < count; first += slices[s++].Blocks.Length)
            slices[s] = new(s, 1, contexts[s] - 1, [.. Enumerable.Range(first, (contexts[s] + Tokens - 1) / Tokens)]);
        // What is there already are halves, floats or bytes of moderate size.
        var before = new byte[pool.BlockBytes];
        for (var i = 0; i < before.Length; i++) before[i] = (byte)(i % 4 == 3 || (type == KvType.F16 && i % 2 == 1) ? 0x38 + random.Next(4) : random.Next(32));
        var batch = new CudaBatch(device, count, heads / kvHeads, PrefillAttention.TileRows(config), blocks, vocabulary: 0);
        batch.Load(new(new int[count], slices, [.. Enumerable.Range(0, count)]));
        float[] query = Floats(count * heads * keyLength, random), key = Floats(count * kvHeads * keyLength, random), value = Floats(count * kvHeads * valueLength, random);
        float[] angles = Floats(contexts.Max() * pairs, random);
        var rope = new RopeParams
        {
            Kv = pool.Layer(0),
            Batch = batch.Layout,
            Value = Send(device, value),
            QueryNorm = Send(device, Floats(keyLength, random)),
            KeyNorm = Send(device, Floats(keyLength, random)),
            Cosines = Send(device, [.. angles.Select(MathF.Cos)]),
            Sines = Send(device, [.. angles.Select(MathF.Sin)]),
            Heads = heads,
            Pairs = pairs,
            HalfSplit = halfSplit,
            Epsilon = 1e-6f,
        };
        var attention = new DecodeAttention(config, kernels, type, new(device, config));
        var to = device.AllocateFloats(count * heads * valueLength);
        (float[], byte[]) Run(bool finish)
        {
            for (var block = 0; block < blocks; block++) pool.Write(block, before);
            (rope.Query, rope.Key) = (Send(device, query), Send(device, key));
            if (!finish) kernels.Launch(kernels["rope"], (count, Operators.Ceiling(heads + 2 * kvHeads, 8), 1), 256, rope);
            attention.Attend(rope, count, to, finish);
            var (output, after) = (new float[count * heads * valueLength], new byte[blocks * pool.BlockBytes]);
            fixed (float* target = output) device.Driver.CopyToHost(target, to, output.Length * sizeof(float), device.Stream);
            device.Synchronize();
            for (var block = 0; block < blocks; block++) pool.Read(block, after.AsSpan(block * pool.BlockBytes, pool.BlockBytes));
            return (output, after);
        }
        var (expected, expectedBytes) = Run(finish: false);
        var (actual, bytes) = Run(finish: true);
        Assert.All(expected, value => Assert.True(float.IsFinite(value)));
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-5 * (1 + Math.Abs(expected[i])));
        Assert.Equal(expectedBytes, bytes);
    }

    private static double[] Attend(ReadOnlySpan<float> query, float[] keys, float[] values, int head, int kvHeads, int context, int window, int length)
    {
        var first = window > 0 ? Math.Max(0, context - window) : 0;
        var weights = new double[context];
        for (var at = first; at < context; at++)
        {
            double score = 0;
            for (var d = 0; d < query.Length; d++) score += (double)query[d] * keys[(at * kvHeads + head) * query.Length + d];
            weights[at] = Math.Exp(score / Math.Sqrt(query.Length));
        }
        var (sum, result) = (weights.Sum(), new double[length]);
        for (var at = first; at < context; at++)
            for (var d = 0; d < length; d++) result[d] += weights[at] / sum * values[(at * kvHeads + head) * length + d];
        return result;
    }

    /// <summary>What vectors are once they are stored.</summary>
    private static void Round(float[] vectors, int length, KvType type)
    {
        if (type == KvType.F32) return;
        for (var i = 0; i < vectors.Length && type == KvType.F16; i++) vectors[i] = (float)(Half)vectors[i];
        for (var start = 0; start < vectors.Length && type == KvType.Q8_0; start += length)
        {
            for (var group = 0; group < length; group += 32)
            {
                var values = vectors.AsSpan(start + group, Math.Min(32, length - group));
                var largest = 0f;
                foreach (var value in values) largest = Math.Max(largest, Math.Abs(value));
                var scale = (float)(Half)(largest / 127);
                foreach (ref var value in values) value = scale * Math.Clamp(MathF.Round(value * (1 / scale)), -127, 127);
            }
        }
    }

    private static float[] Floats(int count, Random random)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++) values[i] = random.NextSingle() * 2 - 1;
        return values;
    }

    private static ulong Send(CudaDevice device, float[] values)
    {
        var address = device.AllocateFloats(values.Length);
        fixed (float* source = values) device.Driver.CopyToDevice(address, source, values.Length * sizeof(float), device.Stream);
        device.Synchronize();
        return address;
    }
}
