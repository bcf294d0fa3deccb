using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Backends.Cpu;
using AgentRuntime.Engine.Backends.Cpu.Kernels;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Models.Synthesis;

namespace AgentRuntime.Engine.Tests.Backends.Cpu;

public sealed class CpuModelRunnerTests
{
    private static readonly string[] Models = ["llama-q4_0", "qwen2-q4_k_m", "qwen3-q8_0"];

    public static TheoryData<string> ModelNames => [.. Models];

    [Theory]
    [MemberData(nameof(ModelNames))]
    public void ChunkedPrefillIsTheWholeOne(string model)
    {
        using var loaded = new LoadedModel(model);
        var tokens = loaded.Tokens(100, seed: 1);
        var whole = Run.All(loaded.Runner, tokens);
        foreach (var chunk in new[] { 1, 3, 7, 33, 64 })
        {
            var chunked = Run.All(loaded.Runner, tokens, chunk);
            for (var i = 0; i < tokens.Length; i++) Assert.Equal(whole[i], chunked[i]);
        }
    }

    [Theory]
    [InlineData(KvType.F16)]
    [InlineData(KvType.F32)]
    [InlineData(KvType.Q8_0)]
    public void LongContextIsTheSameSplitOrNot(KvType type)
    {
        // Beyond 512 tokens decode steps are split along the context, prefill chunks are not.
        using var loaded = new LoadedModel("qwen3-q8_0", new() { KvBlocks = 64, KvType = type, MaxBatchTokens = 256, Threads = 2 });
        var tokens = loaded.Tokens(1100, seed: 2);
        var whole = Run.All(loaded.Runner, tokens);
        Run.All(loaded.Runner, tokens[..1090], 256);
        for (var i = 1090; i < tokens.Length; i++) Assert.Equal(whole[i], Run.Append(loaded.Runner, tokens.AsSpan(i, 1), i)[0]);
    }

    [Theory]
    [MemberData(nameof(ModelNames))]
    public void BatchedSequencesAreWhatEachIsAlone(string model)
    {
        using var loaded = new LoadedModel(model);
        int[] lengths = [40, 1, 17];
        var sequences = lengths.Select((length, i) => loaded.Tokens(length + 5, seed: 10 + i)).ToArray();
        var alone = sequences.Select(tokens => Run.All(loaded.Runner, tokens)).ToArray();
        // All prompts but their last five tokens, each in its own blocks; then the five of all in one batch.
        for (var s = 0; s < sequences.Length; s++) Run.All(loaded.Runner, sequences[s][..lengths[s]], firstBlock: 2 * s);
        var slices = sequences.Select((_, s) => new SequenceSlice(5 * s, 5, lengths[s], Run.Blocks(2 * s, lengths[s] + 5))).ToArray();
        var together = Run.Batch(loaded.Runner, sequences.SelectMany((tokens, s) => tokens[lengths[s]..]).ToArray(), slices);
        for (var s = 0; s < sequences.Length; s++)
            for (var i = 0; i < 5; i++)
                Assert.Equal(alone[s][lengths[s] + i], together[5 * s + i]);
    }

    [Theory]
    [InlineData("Q8_0")]
    [InlineData("Q4_K_M")]
    [InlineData("F16")]
    public void ExpertsGiveTheSameInAnyBatch(string quantization)
    {
        var path = Path.Combine(Path.GetTempPath(), $"experts-{Guid.NewGuid():N}.gguf");
        try
        {
            ModelSynthesizer.Write("tiny-test-moe", quantization, path);
            using var file = ModelLoader.Open(path);
            using var runner = new CpuBackend().LoadModel(file, new() { KvBlocks = 4, MaxBatchTokens = 64, Threads = 2 }, cancellationToken: default);
            var tokens = Enumerable.Range(0, 50).Select(i => i * 7 % runner.Config.VocabularySize).ToArray();
            var whole = Run.All(runner, tokens);
            Assert.All(whole, row => Assert.All(row, value => Assert.True(float.IsFinite(value))));
            Assert.Equal(whole, Run.All(runner, tokens, chunk: 1));
            Assert.Equal(whole, Run.All(runner, tokens, chunk: 13));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void ThreadsDoNotChangeResults()
    {
        using var one = new LoadedModel("qwen2-q4_k_m", new() { KvBlocks = 8, MaxBatchTokens = 128, Threads = 1 });
        using var three = new LoadedModel("qwen2-q4_k_m", new() { KvBlocks = 8, MaxBatchTokens = 128, Threads = 3 });
        var tokens = one.Tokens(50, seed: 3);
        Assert.Equal(Run.All(one.Runner, tokens), Run.All(three.Runner, tokens));
    }

    [Fact]
    public void BlocksInAnyOrderGiveTheSame()
    {
        using var loaded = new LoadedModel("qwen3-q8_0");
        var tokens = loaded.Tokens(70, seed: 4);
        var expected = Run.All(loaded.Runner, tokens);
        var shuffled = Run.Batch(loaded.Runner, tokens, [new SequenceSlice(0, 70, 0, [5, 1, 3])]);
        Assert.Equal(expected, shuffled);
    }

    [Fact]
    public void CopiedAndRestoredBlocksContinueTheSame()
    {
        using var loaded = new LoadedModel("qwen3-q8_0");
        var runner = loaded.Runner;
        var tokens = loaded.Tokens(41, seed: 5);
        Run.All(runner, tokens[..40]);
        runner.CopyBlock(0, 6);
        var bytes = new byte[runner.BlockBytes];
        runner.ReadBlock(1, bytes);
        runner.WriteBlock(7, bytes);
        var expected = Run.Append(runner, tokens.AsSpan(40), 40)[0];
        Assert.Equal(expected, Run.Batch(runner, tokens.AsSpan(40), [new SequenceSlice(0, 1, 40, [6, 7])])[0]);
    }

    [Fact]
    public void AllKernelsOfTheProcessorAgree()
    {
        using var best = new LoadedModel("qwen2-q4_k_m");
        var tokens = best.Tokens(30, seed: 6);
        var expected = Run.All(best.Runner, tokens)[^1];
        foreach (var dot in DotKernel.Supported)
        {
            foreach (var kernels in FloatKernels.Supported)
            {
                using var other = new LoadedModel("qwen2-q4_k_m", dot: dot, kernels: kernels);
                var actual = Run.All(other.Runner, tokens)[^1];
                // Sums in another order round activations to other bytes here and there.
                var error = Math.Sqrt(expected.Zip(actual, (e, a) => (e - a) * (e - a)).Sum() / expected.Sum(e => e * e));
                Assert.True(error < 0.02, $"{dot.Name}, {kernels.Width} floats: {error}");
            }
        }
    }

    [Fact]
    public void LogitRowsChooseTokens()
    {
        using var loaded = new LoadedModel("llama-q4_0");
        var tokens = loaded.Tokens(12, seed: 7);
        var all = Run.All(loaded.Runner, tokens);
        var vocabulary = loaded.Runner.Config.VocabularySize;
        var logits = new float[2 * vocabulary];
        loaded.Runner.Forward(new ForwardBatch(tokens, [new SequenceSlice(0, 12, 0, [0])], [3, 11]), logits);
        Assert.Equal(all[3], logits[..vocabulary]);
        Assert.Equal(all[11], logits[vocabulary..]);
        loaded.Runner.Forward(new ForwardBatch(tokens, [new SequenceSlice(0, 12, 0, [0])], []), []);
    }

    [Fact]
    public void ForwardAllocatesNothing()
    {
        using var loaded = new LoadedModel("qwen3-q8_0");
        var tokens = loaded.Tokens(20, seed: 8);
        SequenceSlice[] sequences = [new(0, 20, 0, [0])];
        int[] rows = [19];
        var logits = new float[loaded.Runner.Config.VocabularySize];
        long allocated = 1;
        // What is made once, such as the event that a thread first sleeps on, may come late on a busy machine.
        for (var i = 0; i < 20 && allocated > 0; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            loaded.Runner.Forward(new ForwardBatch(tokens, sequences, rows), logits);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Assert.Equal(0, allocated);
    }

    [Fact]
    public void BadBatchesAreRefused()
    {
        using var loaded = new LoadedModel("llama-q4_0");
        var runner = loaded.Runner;
        var logits = new float[runner.Config.VocabularySize];
        void Refused(int[] tokens, SequenceSlice[] sequences, int[] rows, string part)
        {
            var error = Assert.Throws<ArgumentException>(() => runner.Forward(new ForwardBatch(tokens, sequences, rows), logits));
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
        }
        Refused([], [], [], "at least one token");
        Refused([-1], [new(0, 1, 0, [0])], [], "the vocabulary has the ids");
        Refused([runner.Config.VocabularySize], [new(0, 1, 0, [0])], [], "the vocabulary has the ids");
        Refused(new int[129], [new(0, 129, 0, [0, 1, 2, 3, 4])], [], "at most 128");
        Refused([1, 2], [new(0, 1, 0, [0])], [], "belong to no sequence");
        Refused([1, 2], [new(0, 3, 0, [0])], [], "does not start");
        Refused([1], [new(0, 1, 32, [0])], [], "needs 2 KV blocks");
        Refused([1], [new(0, 1, 0, [8])], [], "names KV block 8");
        Refused([1], [new(0, 1, -1, [0])], [], "negative context");
        Refused([1, 2], [new(0, 2, 0, [0])], [1, 0], "Logit row 0");
        Refused([1, 2], [new(0, 2, 0, [0])], [0, 1], "take");
        Assert.Throws<ArgumentException>(() => runner.CopyBlock(0, 8));
        Assert.Throws<ArgumentException>(() => runner.ReadBlock(0, new byte[3]));
    }

    [Fact]
    public void LoadingReportsProgressAndCanBeCancelled()
    {
        using var file = ModelLoader.Open(TestFiles.Golden("qwen3-q8_0.gguf"));
        var shares = new List<double>();
        using (new CpuBackend().LoadModel(file, new() { KvBlocks = 1 }, new Collector(shares), default)) { }
        Assert.Equal(shares.Order(), shares);
        Assert.True(shares[^1] > 0.9);
        Assert.Throws<OperationCanceledException>(() =>
            new CpuBackend().LoadModel(file, new() { KvBlocks = 1 }, null, new CancellationToken(canceled: true)));
    }

    private sealed class Collector(List<double> shares) : IProgress<double>
    {
        public void Report(double value) => shares.Add(value);
    }
}
