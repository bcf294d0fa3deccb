using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Backends.Cpu;
using AgentRuntime.Engine.Backends.Cuda.Memory;
using AgentRuntime.Engine.KvCache;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.Engine.Tests.Backends.Cuda;

/// <summary>A model whose last layers run on the GPU and whose first on the processor.</summary>
[Collection(CudaCollection.Name)]
public sealed class PartialOffloadTests
{
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 45).Select(i => 3 + i * 31 % 200)];

    [Theory]
    [InlineData("llama-q4_0", KvType.F32)]
    [InlineData("qwen2-q4_k_m", KvType.F16)]
    [InlineData("qwen3-q8_0", KvType.Q8_0)]
    public void EveryDivisionGivesTheGoldens(string name, KvType type) => EveryDivision(TestFiles.Golden($"{name}.json"), type);

    // llama-f32 has an output matrix of its own, as the others' embedding serves for it.
    [Theory]
    [InlineData("llama-f32")]
    [InlineData("qwen3moe-q4_k_m")]
    public void EveryDivisionGivesTheGoldensBesideTheRepository(string name) => EveryDivision(TestFiles.Shared("goldens", $"{name}.json"), KvType.F32);

    [Fact]
    public void EveryDivisionOfFourLayersIsTheProcessors()
    {
        using var file = ModelLoader.Open(Path.Combine(TestFiles.Root, "models", "tiny-coder", "tiny-coder.gguf"));
        var options = new RunnerOptions { KvBlocks = 4, KvType = KvType.F32, MaxBatchTokens = 32, Threads = 1 };
        using var processor = new CpuBackend().LoadModel(file, options, cancellationToken: default);
        var tokens = CudaModelRunnerTests.Tokens(processor, 20, seed: 5);
        var expected = Run.All(processor, tokens);
        for (var layers = 1; layers <= 4; layers++)
        {
            using var runner = EmulatedGpu.Open().LoadModel(file, options with { GpuLayers = layers }, cancellationToken: default);
            var logits = Run.All(runner, tokens, chunk: 18);
            for (var i = 0; i < tokens.Length; i++) CudaModelRunnerTests.AssertClose(expected[i], logits[i], $"{layers} layers, position {i}");
        }
    }

    [Fact]
    public void BatchedSequencesAreWhatEachIsAlone()
    {
        using var file = ModelLoader.Open(TestFiles.Golden("qwen2-q4_k_m.gguf"));
        using var runner = EmulatedGpu.Open().LoadModel(file, new() { KvBlocks = 12, MaxBatchTokens = 64, Threads = 1, GpuLayers = 1 }, cancellationToken: default);
        int[] lengths = [40, 1, 17];
        var sequences = lengths.Select((length, i) => CudaModelRunnerTests.Tokens(runner, length + 5, seed: 10 + i)).ToArray();
        var alone = sequences.Select(tokens => Run.All(runner, tokens)).ToArray();
        for (var s = 0; s < sequences.Length; s++) Run.All(runner, sequences[s][..lengths[s]], firstBlock: 2 * s);
        for (var step = 0; step < 5; step++)
        {
            // The same graph each time, which takes what the processor computed from the same memory.
            var slices = sequences.Select((_, s) => new SequenceSlice(s, 1, lengths[s] + step, Run.Blocks(2 * s, lengths[s] + step + 1))).ToArray();
            var together = Run.Batch(runner, sequences.Select((tokens, s) => tokens[lengths[s] + step]).ToArray(), slices);
            for (var s = 0; s < sequences.Length; s++) CudaModelRunnerTests.AssertClose(alone[s][lengths[s] + step], together[s], $"sequence {s}, step {step}");
        }
    }

    [Fact]
    public void PassesWithoutLogitsFollowEachOther()
    {
        using var file = ModelLoader.Open(TestFiles.Golden("qwen3-q8_0.gguf"));
        using var runner = EmulatedGpu.Open().LoadModel(file, new() { KvBlocks = 6, MaxBatchTokens = 64, Threads = 1, GpuLayers = 1 }, cancellationToken: default);
        var tokens = CudaModelRunnerTests.Tokens(runner, 60, seed: 4);
        var expected = Run.All(runner, tokens)[^1];
        for (var start = 0; start < 59;)
        {
            var count = Math.Min(20, 59 - start);
            runner.Forward(new(tokens.AsSpan(start, count), [new SequenceSlice(0, count, start, Run.Blocks(2, start + count))], []), []);
            start += count;
        }
        CudaModelRunnerTests.AssertClose(expected, Run.Append(runner, tokens.AsSpan(59), 59, firstBlock: 2)[0], "the last of 60 tokens");
    }

    [Fact]
    public void BlocksAreCopiedReadAndWrittenOnBothSides()
    {
        using var file = ModelLoader.Open(TestFiles.Golden("qwen3-q8_0.gguf"));
        using var runner = EmulatedGpu.Open().LoadModel(file, new() { KvBlocks = 6, MaxBatchTokens = 64, Threads = 1, GpuLayers = 1 }, cancellationToken: default);
        var tokens = CudaModelRunnerTests.Tokens(runner, 40, seed: 3);
        Run.All(runner, tokens[..39]);
        var expected = Run.Append(runner, tokens.AsSpan(39), 39)[0];
        runner.CopyBlock(0, 4);
        var bytes = new byte[runner.BlockBytes];
        runner.ReadBlock(1, bytes);
        runner.WriteBlock(5, bytes);
        Assert.Equal(expected, Run.Batch(runner, tokens.AsSpan(39), [new SequenceSlice(0, 1, 39, [4, 5])])[0]);
        Assert.Throws<ArgumentException>(() => runner.ReadBlock(1, new byte[runner.BlockBytes - 1]));
    }

    [Fact]
    public async Task ForksRewindsAndResumesContinueAlike()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var engine = await LoadAsync(1, cancel);
        using var session = engine.CreateSession();
        session.Append(Prompt);
        await session.PrefillAsync(cancel);
        var checkpoint = session.Checkpoint();
        using var fork = session.Fork();
        var expected = await GenerateAsync(session, cancel);
        Assert.Equal(12, expected.Count);
        Assert.Equal(expected, await GenerateAsync(fork, cancel));

        session.Rewind(checkpoint);
        Assert.Equal(expected, await GenerateAsync(session, cancel));

        session.Rewind(checkpoint);
        using var snapshot = new MemoryStream();
        await session.SuspendAsync(snapshot, cancel);
        snapshot.Position = 0;
        await using var other = await LoadAsync(1, cancel);
        using var resumed = await other.ResumeSessionAsync(snapshot, cancel);
        Assert.Equal(expected, await GenerateAsync(resumed, cancel));
        await engine.CheckIntegrityAsync();
        await other.CheckIntegrityAsync();

        // What another division wrote has another layout.
        snapshot.Position = 0;
        await using var whole = await LoadAsync(null, cancel);
        var error = await Assert.ThrowsAsync<SnapshotException>(() => whole.ResumeSessionAsync(snapshot, cancel));
        Assert.Contains("division", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AModelThatDoesNotFitIsDividedByItself()
    {
        var cancel = TestContext.Current.CancellationToken;
        var options = new EngineOptions { Device = "cuda", ContextLength = 256, PrefillChunk = 64, Threads = 1 };
        var path = TestFiles.Golden("qwen3-q8_0.gguf");
        List<int> expected;
        await using (var whole = await InferenceEngine.LoadAsync(path, options with { Backend = EmulatedGpu.Open() }, null, cancel)) expected = await GenerateAsync(whole, cancel);
        using var file = ModelLoader.Open(path);
        var needs = new DeviceNeeds(file, EmulatedGpu.Driver().Device(0), KvType.F16, options.PrefillChunk);
        using var small = EmulatedGpu.Configure($"bytes={needs.Bytes(1, KvBudget.BlocksFor(256))}");
        List<string> notes = [];
        await using var engine = await InferenceEngine.LoadAsync(path, options with { Notes = notes.Add }, null, cancel);
        Assert.Equal($"1 of 2 layers of {engine.Model.Name} run on Emulated CUDA device, the rest on the processor.", Assert.Single(notes));
        Assert.Equal((1, 256), (engine.Runner.Options.GpuLayers, engine.ContextLength));
        Assert.Equal(expected, await GenerateAsync(engine, cancel));
    }

    [Fact]
    public async Task LoadingReportsProgressThatOnlyGrows()
    {
        List<double> shares = [];
        await using var engine = await InferenceEngine.LoadAsync(
            TestFiles.Golden("qwen3-q8_0.gguf"), new() { Backend = EmulatedGpu.Open(), GpuLayers = 1, ContextLength = 64 }, new Recorder(shares), TestContext.Current.CancellationToken);
        Assert.Equal(shares.Order(), shares);
        Assert.InRange(shares[^1], 0.5, 1);
    }

    private static void EveryDivision(string golden, KvType type)
    {
        var backend = EmulatedGpu.Open();
        using var file = ModelLoader.Open(Path.ChangeExtension(golden, ".gguf"));
        for (var layers = 0; layers <= file.RequireConfig().Layers; layers++)
            Golden.AssertPasses(golden, backend, type, longest: EmulatedGpu.IsEmulated ? 40 : int.MaxValue, gpuLayers: layers);
    }

    private static Task<InferenceEngine> LoadAsync(int? gpuLayers, CancellationToken cancel) => InferenceEngine.LoadAsync(
        TestFiles.Golden("qwen3-q8_0.gguf"), new() { Backend = EmulatedGpu.Open(), GpuLayers = gpuLayers, ContextLength = 256, PrefillChunk = 64, Threads = 1 }, null, cancel);

    private static async Task<List<int>> GenerateAsync(InferenceEngine engine, CancellationToken cancel)
    {
        using var session = engine.CreateSession();
        session.Append(Prompt);
        return await GenerateAsync(session, cancel);
    }

    private static async Task<List<int>> GenerateAsync(Session session, CancellationToken cancel)
    {
        List<int> tokens = [];
        await foreach (var e in session.GenerateAsync(new() { MaxTokens = 12, IgnoreEos = true }, cancel))
            if (e.Token is { } token) tokens.Add(token);
        return tokens;
    }

    private sealed class Recorder(List<double> shares) : IProgress<double>
    {
        public void Report(double value) => shares.Add(value);
    }
}
