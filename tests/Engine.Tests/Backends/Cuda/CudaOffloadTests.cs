using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Backends.Cuda;
using AgentRuntime.Engine.Backends.Cuda.Driver;
using AgentRuntime.Engine.Backends.Cuda.Memory;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.Engine.Tests.Backends.Cuda;

/// <summary>KV blocks that leave the device for host memory come back as they were, whatever is queued in between.</summary>
[Collection(CudaCollection.Name)]
public sealed class CudaOffloadTests
{
    private const string Model = "qwen3-q8_0.gguf";
    private const int Blocks = 6, Slots = 5;

    [Theory]
    [InlineData(1, null)]
    [InlineData(3, 1)]
    public void MovesActInTheOrderOfTheCalls(int seed, int? gpuLayers)
    {
        using var file = ModelLoader.Open(TestFiles.Golden(Model));
        using var runner = EmulatedGpu.Open().LoadModel(file, new() { KvBlocks = Blocks, HostKvBlocks = Slots, MaxBatchTokens = 64, GpuLayers = gpuLayers, Threads = 1 }, cancellationToken: default);
        var offload = Assert.IsType<IKvOffload>(runner, exactMatch: false);
        Assert.Equal(Slots, offload.HostSlots);
        var random = new Random(seed);
        // What each must hold, by plain bookkeeping.
        var (blocks, slots) = (new byte[Blocks][], new byte[]?[Slots]);
        for (var block = 0; block < Blocks; block++) Write(block);
        for (var step = 0; step < 250; step++)
        {
            var (block, other, slot) = (random.Next(Blocks), random.Next(Blocks), random.Next(Slots));
            switch (random.Next(12))
            {
                case 0 or 1 or 2:
                    Assert.True(offload.TryOffload(block, slot));
                    slots[slot] = blocks[block];
                    break;
                case 3 or 4 or 5 when slots[slot] is { } bytes:
                    offload.Restore(slot, block);
                    blocks[block] = bytes;
                    break;
                case 6 or 7 when block != other:
                    runner.CopyBlock(block, other);
                    blocks[other] = blocks[block];
                    break;
                case 8:
                    Write(block);
                    break;
                case 9:
                    // A pass writes the block; what it wrote is seen by reading it.
                    Run.Batch(runner, [random.Next(200)], [new SequenceSlice(0, 1, 0, [block])]);
                    blocks[block] = Read(block);
                    break;
                case 10:
                    Assert.Equal(blocks[block], Read(block));
                    break;
            }
        }
        for (var block = 0; block < Blocks; block++) Assert.Equal(blocks[block], Read(block));

        void Write(int block)
        {
            blocks[block] = new byte[runner.BlockBytes];
            random.NextBytes(blocks[block]);
            runner.WriteBlock(block, blocks[block]);
        }

        byte[] Read(int block)
        {
            var bytes = new byte[runner.BlockBytes];
            runner.ReadBlock(block, bytes);
            return bytes;
        }
    }

    /// <summary>Blocks that are restored with the pass that reads them, by prefill and by decode, and again by the decode's graph.</summary>
    [Theory]
    [InlineData("llama-q4_0.gguf", KvType.F16)]
    [InlineData(Model, KvType.Q8_0)]
    public void APassSeesWhatIsRestoredBeforeIt(string model, KvType type)
    {
        using var file = ModelLoader.Open(TestFiles.Golden(model));
        using var runner = EmulatedGpu.Open().LoadModel(file, new() { KvBlocks = 8, HostKvBlocks = 4, KvType = type, MaxBatchTokens = 64 }, cancellationToken: default);
        var offload = (IKvOffload)runner;
        var tokens = CudaModelRunnerTests.Tokens(runner, 94, seed: 5);
        foreach (var count in new[] { 30, 1, 1 })
        {
            Run.All(runner, tokens[..(64 + count)]);
            var expected = Run.Append(runner, tokens.AsSpan(64, count), 64);
            for (var i = 0; i < 2; i++) Assert.True(offload.TryOffload(i, i));
            // Others write to the blocks: the copies must have been made before.
            Run.All(runner, CudaModelRunnerTests.Tokens(runner, 64, seed: 6));
            int[] elsewhere = [5, 0, 4];
            for (var i = 0; i < 2; i++) offload.Restore(i, elsewhere[i]);
            var actual = Run.Batch(runner, tokens.AsSpan(64, count), [new SequenceSlice(0, count, 64, elsewhere)]);
            Assert.Equal(expected[^1], actual[^1]);
        }
    }

    /// <summary>Three conversations in turn, of which hardly one fits on the device: each comes back from host memory and computes its new tokens only.</summary>
    [Fact]
    public async Task AnEvictedConversationComesBack()
    {
        const KvType type = KvType.F16;
        var cancel = TestContext.Current.CancellationToken;
        var blockBytes = KvPool.BytesPerBlock(Config(), type);
        await using var roomy = await LoadAsync(null, 0);
        await using var tight = await LoadAsync(4 * blockBytes, 12 * blockBytes);
        Assert.Equal((4, 12), (tight.Statistics.KvBlocks, tight.Statistics.KvHostBlocks));
        var conversations = Enumerable.Range(0, 3).Select(c => Enumerable.Range(0, 45 + 10 * c).Select(i => 3 + (i * 31 + c * 17) % 200).ToList()).ToArray();
        for (var turn = 0; turn < 2; turn++)
        {
            foreach (var tokens in conversations)
            {
                var (expected, known) = await ReplyAsync(roomy, tokens);
                var (actual, usage) = await ReplyAsync(tight, tokens);
                Assert.Equal(expected, actual);
                Assert.Equal((known.CachedTokens, known.NewTokens), (usage.CachedTokens, usage.NewTokens));
                tokens.AddRange(actual.Select(e => e.Token));
                tokens.AddRange([7, 8, 9]);
            }
        }
        // Every token of the conversations once: no prefix was computed twice. The last reply's end and what follows are not yet.
        Assert.Equal(conversations.Sum(tokens => tokens.Count - 4), tight.Statistics.ComputedTokens);
        Assert.True(tight.Statistics.KvHostBlocksUsed > 0);
        await tight.CheckIntegrityAsync();

        Task<InferenceEngine> LoadAsync(long? memory, long hostMemory) => InferenceEngine.LoadAsync(
            TestFiles.Golden(Model),
            new() { Backend = EmulatedGpu.Open(), KvType = type, ContextLength = 96, PrefillChunk = 64, MemoryLimit = memory, HostMemoryLimit = hostMemory }, null, cancel);

        async Task<(List<(int Token, float? LogProbability)> Reply, Usage Usage)> ReplyAsync(InferenceEngine engine, List<int> tokens)
        {
            using var session = engine.CreateSession();
            session.Append([.. tokens]);
            List<(int, float?)> reply = [];
            Usage? usage = null;
            await foreach (var e in session.GenerateAsync(new() { MaxTokens = 4, IgnoreEos = true, LogProbabilities = true }, cancel))
            {
                if (e.Token is { } token) reply.Add((token, e.LogProbability));
                usage = e.Usage ?? usage;
            }
            return (reply, usage!);
        }
    }

    [Fact]
    public void APassThatNeedsNoneOfTheBlocksDoesNotWait()
    {
        using var file = ModelLoader.Open(TestFiles.Golden(Model));
        using var runner = Load(file);
        var tokens = CudaModelRunnerTests.Tokens(runner, 40, seed: 2);
        Run.All(runner, tokens[..39]);
        Run.All(runner, tokens[..39], firstBlock: 2);
        var expected = Run.Append(runner, tokens.AsSpan(39), 39)[0];
        for (var i = 0; i < 2; i++) Assert.True(runner.TryOffload(i, i));
        for (var i = 0; i < 2; i++) runner.Restore(i, 4 + i);
        // The first wait is that of the copies, for what was computed before; the second would be a pass's.
        using (EmulatedGpu.Configure("fail=cuStreamWaitEvent:1:1"))
        {
            Assert.Equal(expected, Run.Append(runner, tokens.AsSpan(39), 39, firstBlock: 2)[0]);
            runner.CopyBlock(2, 3);
            Assert.Throws<CudaException>(() => Run.Append(runner, tokens.AsSpan(39), 39, firstBlock: 4));
        }
        Assert.Equal(expected, Run.Append(runner, tokens.AsSpan(39), 39, firstBlock: 4)[0]);
    }

    /// <summary>Two parts of the layers are two waits, beside the one of the copies for what was computed before.</summary>
    [Theory]
    [InlineData(2, true)]
    [InlineData(3, false)]
    public void EachPartOfTheLayersHasAWaitOfItsOwn(int wait, bool exists)
    {
        using var file = ModelLoader.Open(TestFiles.Golden(Model));
        using var runner = Load(file);
        Run.All(runner, CudaModelRunnerTests.Tokens(runner, 33, seed: 2));
        Assert.True(runner.TryOffload(0, 0));
        runner.Restore(0, 2);
        using var faulty = EmulatedGpu.Configure($"fail=cuStreamWaitEvent:{wait}:1");
        var pass = Record.Exception(() => Run.Batch(runner, [5, 6], [new SequenceSlice(0, 2, 32, [2, 3])]));
        Assert.Equal(exists, pass is CudaException);
        // What was queued before is waited for, whatever became of the pass.
        Assert.Null(Record.Exception(() => Run.Batch(runner, [5, 6], [new SequenceSlice(0, 2, 32, [2, 3])])));
    }

    [Fact]
    public void AFailedCopyFailsThePassesThatFollow()
    {
        using var file = ModelLoader.Open(TestFiles.Golden(Model));
        using var runner = Load(file);
        Run.All(runner, CudaModelRunnerTests.Tokens(runner, 40, seed: 1));
        Assert.True(runner.TryOffload(0, 0));
        runner.Restore(0, 3);
        using (EmulatedGpu.Configure("fail=cuMemcpyHtoDAsync:0:1"))
            Assert.Equal(1, Assert.Throws<CudaException>(() => Run.Append(runner, [1], 40)).Code);
        // Block 3 holds nobody knows what.
        var error = Assert.Throws<CudaException>(() => Run.Append(runner, [1], 40));
        Assert.Contains("loaded again", error.Message, StringComparison.Ordinal);
        Assert.Throws<CudaException>(() => runner.ReadBlock(3, new byte[runner.BlockBytes]));
    }

    [Fact]
    public void WithoutMemoryForASlotNothingIsOffloaded()
    {
        using var file = ModelLoader.Open(TestFiles.Golden(Model));
        using var runner = Load(file);
        using (EmulatedGpu.Configure("fail=cuMemHostAlloc:0:2")) Assert.False(runner.TryOffload(0, 0));
        Assert.True(runner.TryOffload(0, 0));
        Assert.Throws<ArgumentException>(() => runner.TryOffload(0, Slots));
        Assert.Throws<ArgumentException>(() => runner.Restore(0, Blocks));
    }

    private static CudaModelRunner Load(ModelFile file) =>
        (CudaModelRunner)EmulatedGpu.Open().LoadModel(file, new() { KvBlocks = Blocks, HostKvBlocks = Slots, MaxBatchTokens = 64 });

    private static ModelConfig Config()
    {
        using var file = ModelLoader.Open(TestFiles.Golden(Model));
        return file.RequireConfig();
    }
}
