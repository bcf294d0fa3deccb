using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Backends.Cpu.Attention;
using AgentRuntime.Engine.Backends.Cpu.Kernels;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Tests.Backends.Cpu.Attention;

/// <summary>Attention over paged blocks against plain softmax attention in doubles.</summary>
public sealed unsafe class AttentionOperatorTests
{
    public static TheoryData<KvType, int, int, int, int, int> Cases
    {
        get
        {
            var cases = new TheoryData<KvType, int, int, int, int, int>();
            foreach (var type in new[] { KvType.F32, KvType.F16, KvType.Q8_0 })
            {
                // heads, KV heads, head length, value length, sliding window
                cases.Add(type, 4, 2, 32, 32, 0);
                cases.Add(type, 7, 1, 64, 64, 0);
                cases.Add(type, 3, 3, 20, 12, 0);
                cases.Add(type, 2, 1, 48, 80, 5);
                cases.Add(type, 4, 4, 16, 16, 100);
            }
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void IsPlainAttention(KvType type, int heads, int kvHeads, int length, int valueLength, int window)
    {
        foreach (var kernels in FloatKernels.Supported)
        {
            foreach (var (context, count) in new[] { (0, 1), (0, 5), (31, 2), (600, 1), (530, 9), (1200, 3) })
                Check(kernels, type, Config(heads, kvHeads, length, valueLength, window), context, count);
        }
    }

    private static void Check(FloatKernels kernels, KvType type, ModelConfig config, int context, int count)
    {
        var random = new Random(context + count);
        var total = context + count;
        var blocks = Run.Blocks(3, total);
        Array.Reverse(blocks);
        using var store = new KvStore(config, type, blocks.Length + 3, kernels);
        float[][] keys = Rows(random, total, config.KvHeads * config.HeadLength), values = Rows(random, total, config.KvHeads * config.ValueHeadLength);
        for (var p = 0; p < total; p++)
        {
            fixed (float* key = keys[p], value = values[p])
            {
                for (var head = 0; head < config.KvHeads; head++)
                    store.Write(1, blocks[p / 32], head, p % 32, key + head * config.HeadLength, value + head * config.ValueHeadLength);
            }
        }
        var queries = Rows(random, count, config.Heads * config.HeadLength).SelectMany(row => row).ToArray();
        using var output = new Activations(count, config.Heads * config.ValueHeadLength);
        using var attention = new AttentionOperator(config, kernels, store, 1);
        attention.Plan([new SequenceSlice(0, count, context, blocks)]);
        attention.Reset();
        fixed (float* q = queries) attention.Run(1, q, output, 0);
        for (var t = 0; t < count; t++)
        {
            for (var head = 0; head < config.Heads; head++) attention.Combine(0, t, head, output, 0);
        }
        for (var t = 0; t < count; t++)
        {
            for (var head = 0; head < config.Heads; head++)
            {
                var query = queries.AsSpan((t * config.Heads + head) * config.HeadLength, config.HeadLength).ToArray();
                var expected = Plain(config, query, keys, values, context + t, head / (config.Heads / config.KvHeads));
                for (var d = 0; d < config.ValueHeadLength; d++)
                    Assert.Equal(expected[d], output.Row(t)[head * config.ValueHeadLength + d], type switch { KvType.F32 => 1e-5, KvType.F16 => 2e-3, _ => 2e-2 });
            }
        }
    }

    private static double[] Plain(ModelConfig config, float[] query, float[][] keys, float[][] values, int position, int kvHead)
    {
        var first = config.SlidingWindow > 0 ? Math.Max(0, position + 1 - config.SlidingWindow) : 0;
        var weights = new double[position + 1];
        for (var p = first; p <= position; p++)
        {
            double score = 0;
            for (var d = 0; d < config.HeadLength; d++) score += query[d] * (double)keys[p][kvHead * config.HeadLength + d];
            weights[p] = Math.Exp(score / Math.Sqrt(config.HeadLength));
        }
        var sum = weights.Sum();
        return Enumerable.Range(0, config.ValueHeadLength)
            .Select(d => Enumerable.Range(first, position + 1 - first).Sum(p => weights[p] / sum * values[p][kvHead * config.ValueHeadLength + d]))
            .ToArray();
    }

    private static float[][] Rows(Random random, int count, int length) =>
        Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, length).Select(_ => (float)(random.NextDouble() * 4 - 2)).ToArray()).ToArray();

    private static ModelConfig Config(int heads, int kvHeads, int length, int valueLength, int window) => new()
    {
        Architecture = "llama",
        Name = "test",
        Layers = 2,
        EmbeddingLength = 32,
        FeedForwardLength = 32,
        Heads = heads,
        KvHeads = kvHeads,
        HeadLength = length,
        ValueHeadLength = valueLength,
        VocabularySize = 32,
        ContextLength = 4096,
        RmsEpsilon = 1e-5f,
        RopeBase = 10000,
        RopeDimensions = length,
        RopeHalfSplit = true,
        SlidingWindow = window,
    };
}
