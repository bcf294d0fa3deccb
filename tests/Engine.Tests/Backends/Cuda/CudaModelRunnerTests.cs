using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Tests.Backends.Cuda;

[Collection(CudaCollection.Name)]
public sealed class CudaModelRunnerTests
{
    // Chunks take different kernels (GEMV, tensor cores), so equal means equal but for their rounding, which Q8_0 keys enlarge.
    private const double Tolerance = 1e-2;

    [Theory]
    [InlineData("llama-q4_0", KvType.F16)]
    [InlineData("qwen3-q8_0", KvType.Q8_0)]
    [InlineData("qwen2-q4_k_m", KvType.F32)]
    public void ChunkedPrefillIsTheWholeOne(string model, KvType type)
    {
        using var file = ModelLoader.Open(TestFiles.Golden($"{model}.gguf"));
        using var runner = EmulatedGpu.Open().LoadModel(file, new() { KvBlocks = 8, KvType = type, MaxBatchTokens = 64 }, cancellationToken: default);
        var tokens = Tokens(runner, 50, seed: 1);
        var whole = Run.All(runner, tokens);
        foreach (var chunk in new[] { 3, 16, 33 })
        {
            var chunked = Run.All(runner, tokens, chunk);
            for (var i = 0; i < tokens.Length; i++) AssertClose(whole[i], chunked[i], $"chunks of {chunk}, position {i}");
        }
    }

    [Fact]
    public void BatchedSequencesAreWhatEachIsAlone()
    {
        using var file = ModelLoader.Open(TestFiles.Golden("qwen2-q4_k_m.gguf"));
        using var runner = EmulatedGpu.Open().LoadModel(file, new() { KvBlocks = 12, MaxBatchTokens = 64 }, cancellationToken: default);
        int[] lengths = [40, 1, 17];
        var sequences = lengths.Select((length, i) => Tokens(runner, length + 5, seed: 10 + i)).ToArray();
        var alone = sequences.Select(tokens => Run.All(runner, tokens)).ToArray();
        for (var s = 0; s < sequences.Length; s++) Run.All(runner, sequences[s][..lengths[s]], firstBlock: 2 * s);
        for (var step = 0; step < 5; step++)
        {
            // The same graph each time, with positions that grow.
            var slices = sequences.Select((_, s) => new SequenceSlice(s, 1, lengths[s] + step, Run.Blocks(2 * s, lengths[s] + step + 1))).ToArray();
            var together = Run.Batch(runner, sequences.Select((tokens, s) => tokens[lengths[s] + step]).ToArray(), slices);
            for (var s = 0; s < sequences.Length; s++) AssertClose(alone[s][lengths[s] + step], together[s], $"sequence {s}, step {step}");
        }
    }

    [Theory]
    [InlineData("qwen2-q4_k_m")]
    [InlineData("llama-q4_0")]
    [InlineData("qwen3moe-q4_k_m")]
    public void KernelsThatBeginEarlyChangeNothing(string model)
    {
        using var file = ModelLoader.Open(model.Contains("moe", StringComparison.Ordinal) ? TestFiles.Shared("goldens", $"{model}.gguf") : TestFiles.Golden($"{model}.gguf"));
        float[] Decode(string settings)
        {
            using var device = EmulatedGpu.Configure(settings);
            using var runner = EmulatedGpu.Open().LoadModel(file, new() { KvBlocks = 8, MaxBatchTokens = 64 }, cancellationToken: default);
            var tokens = Tokens(runner, 44, seed: 2);
            Run.All(runner, tokens[..40]);
            float[] last = [];
            // The emulation lets a recorded kernel begin before the one in front of it, and compares what it loads.
            for (var i = 40; i < 44; i++) last = Run.Append(runner, tokens.AsSpan(i, 1), i)[0];
            return last;
        }
        Assert.Equal(Decode("capability=80"), Decode("capability=90"));
    }

    [Fact]
    public void BlocksAreCopiedReadAndWritten()
    {
        using var file = ModelLoader.Open(TestFiles.Golden("qwen3-q8_0.gguf"));
        using var runner = EmulatedGpu.Open().LoadModel(file, new() { KvBlocks = 6, MaxBatchTokens = 64 }, cancellationToken: default);
        var tokens = Tokens(runner, 40, seed: 3);
        Run.All(runner, tokens[..39]);
        var expected = Run.Append(runner, tokens.AsSpan(39), 39)[0];
        runner.CopyBlock(0, 4);
        var bytes = new byte[runner.BlockBytes];
        runner.ReadBlock(1, bytes);
        runner.WriteBlock(5, bytes);
        var slice = new SequenceSlice(0, 1, 39, [4, 5]);
        Assert.Equal(expected, Run.Batch(runner, tokens.AsSpan(39), [slice])[0]);
    }

    [Fact]
    public void BatchesOutsideItsMemoryAreRefused()
    {
        using var file = ModelLoader.Open(TestFiles.Golden("qwen3-q8_0.gguf"));
        using var runner = EmulatedGpu.Open().LoadModel(file, new() { KvBlocks = 2, MaxBatchTokens = 4 }, cancellationToken: default);
        Assert.Throws<ArgumentException>(() => Run.Append(runner, [1, 2, 3, 4, 5], 0));
        Assert.Throws<ArgumentException>(() => Run.Append(runner, [runner.Config.VocabularySize], 0));
        Assert.Throws<ArgumentException>(() => Run.Append(runner, [1], 64));
        Assert.Throws<ArgumentException>(() => runner.CopyBlock(0, 2));
    }

    internal static int[] Tokens(IModelRunner runner, int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(runner.Config.VocabularySize))];
    }

    internal static void AssertClose(float[] expected, float[] actual, string what)
    {
        var error = Math.Sqrt(expected.Zip(actual, (e, a) => (double)(e - a) * (e - a)).Sum() / expected.Sum(e => (double)e * e));
        Assert.True(error <= Tolerance, $"{what}: relative error {error:g4}");
    }
}
