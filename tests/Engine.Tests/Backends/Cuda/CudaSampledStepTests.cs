using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Diagnostics;
using AgentRuntime.Engine.Grammar;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Sampling;
using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.Engine.Tests.Backends.Cuda;

/// <summary>Generations whose tokens the device chooses, and what their steps cost the host.</summary>
[Collection(CudaCollection.Name)]
public sealed class CudaSampledStepTests
{
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 45).Select(i => 3 + i * 31 % 200)];

    private static readonly GenerationOptions Six = new() { MaxTokens = 6, IgnoreEos = true };

    private static readonly GenerationOptions[] Kinds =
    [
        Six,
        Six with { Temperature = 0.8f, Seed = 1 },
        Six with { Temperature = 1.5f, TopK = 20, TopP = 0.9f, Seed = 2 },
        Six with { Temperature = 1, TopP = 0.5f, MinP = 0.001f, Seed = 3 },
        Six with { Temperature = 1, RepetitionPenalty = 1.3f, Seed = 4 },
        Six with { RepetitionPenalty = 1.3f, RepetitionWindow = 4000 },
        Six with { Constraint = Constraint.Regex("(the|an?) [a-z]+ (is|was) [0-9]{2}") },
        Six with { Constraint = Constraint.Regex("[a-z ]{12}"), Temperature = 1, MinP = 0.02f, Seed = 5 },
    ];

    [Fact]
    public async Task TheDeviceChoosesAsTheHostDoesAlsoInOneBatch()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var engine = await LoadAsync(EmulatedGpu.Open(), cancel);
        var chosen = await Task.WhenAll(Kinds.Select(options => GenerateAsync(engine, options, cancel)));
        for (var i = 0; i < Kinds.Length; i++)
        {
            // Who wants probabilities gets logits, and the host chooses.
            Assert.Equal(await GenerateAsync(engine, Kinds[i] with { LogProbabilities = true }, cancel), chosen[i]);
            Assert.NotEmpty(chosen[i]);
        }
        await engine.CheckIntegrityAsync();
    }

    [Fact]
    public async Task ASeedGivesWhatItGivesOnTheProcessor()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var gpu = await LoadAsync(EmulatedGpu.Open(), cancel);
        await using var processor = await LoadAsync(null, cancel);
        // Few choices, so that the rounding of either side's logits does not matter.
        foreach (var seed in new ulong[] { 1, 2, 3 })
        {
            var options = Six with { Constraint = Constraint.Regex("(one|two|three|four) (a|b|c|d|e|f|g|h)"), MaxTokens = 20, IgnoreEos = false, Temperature = 1, Seed = seed };
            Assert.Equal(await GenerateAsync(processor, options, cancel), await GenerateAsync(gpu, options, cancel));
        }
    }

    [Fact]
    public async Task AMaskThatFailsEndsItsOwnGenerationAlone()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var engine = await LoadAsync(EmulatedGpu.Open(), cancel);
        var failing = GenerateAsync(engine, Six with { TokenMask = new FailingMask() }, cancel);
        var other = GenerateAsync(engine, Six, cancel);
        var error = await Assert.ThrowsAsync<EngineException>(() => failing);
        Assert.Contains("the mask is broken", error.Message, StringComparison.Ordinal);
        Assert.Equal(6, (await other).Count);
    }

    [Fact]
    public void DecodeStepsAllocateNothing()
    {
        using var file = ModelLoader.Open(TestFiles.Golden("qwen3-q8_0.gguf"));
        using var runner = (ISamplingRunner)EmulatedGpu.Open().LoadModel(file, new() { KvBlocks = 8, MaxBatchTokens = 64 }, cancellationToken: default);
        ulong[] mask = [.. Enumerable.Repeat(0x5555_5555_5555_5555UL, (runner.Config.VocabularySize + 63) / 64)];
        AllowedTokens allowed = () => mask;
        SamplingRule[] plain = [new(), new() { Temperature = 1, TopP = 1 }, new() { Temperature = 1, TopK = 5, TopP = 0.9f, Penalty = 1.1f, Penalised = new int[] { 1, 2 } }];
        SamplingRule[] masked = [.. plain.Select(rule => rule with { Allowed = allowed })];
        int[] input = [5, 6, 7], rows = [0, 1, 2], tokens = new int[3];
        var slices = new SequenceSlice[3];
        long Steps(SamplingRule[] rules, int from)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var step = from; step < from + 4; step++)
            {
                for (var s = 0; s < 3; s++) slices[s] = slices[s] with { ContextLength = step };
                runner.ForwardSampled(new(input, slices, rows), rules, tokens);
            }
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
        for (var s = 0; s < 3; s++) slices[s] = new(s, 1, 0, [s]);
        Steps(plain, 0);
        Steps(masked, 4);
        Assert.Equal(0, Steps(plain, 8));
        Assert.Equal(0, Steps(masked, 12));
        Assert.All(tokens, token => Assert.Equal(0, token % 2));
    }

    [Fact]
    public void TheBenchmarkTellsTheHostsShareOfAStep()
    {
        var options = new EngineBenchmarkOptions { Prompts = [5], Generate = 3, Repetitions = 2 };
        using var file = ModelLoader.Open(TestFiles.Golden("qwen3-q8_0.gguf"));
        using var runner = EmulatedGpu.Open().LoadModel(file, new() { KvBlocks = options.KvBlocks, MaxBatchTokens = 32 }, cancellationToken: default);
        var rows = new EngineBenchmark(runner, options).Run(TestContext.Current.CancellationToken).ToList();
        Assert.Null(rows[0].HostMicroseconds);
        Assert.Equal(0, rows[1].AllocatedBytes);
        Assert.InRange(rows[1].HostMicroseconds!.Value, 0.1, 1e6 / rows[1].TokensPerSecond.Min);
    }

    private static Task<InferenceEngine> LoadAsync(IBackend? backend, CancellationToken cancel) => InferenceEngine.LoadAsync(
        TestFiles.Golden("qwen3-q8_0.gguf"), new() { Backend = backend, KvType = KvType.F32, ContextLength = 256, PrefillChunk = 64, Threads = 1 }, null, cancel);

    private static async Task<List<int>> GenerateAsync(InferenceEngine engine, GenerationOptions options, CancellationToken cancel)
    {
        using var session = engine.CreateSession();
        session.Append(Prompt);
        List<int> tokens = [];
        await foreach (var e in session.GenerateAsync(options, cancel))
            if (e.Token is { } token) tokens.Add(token);
        return tokens;
    }

    private sealed class FailingMask : ITokenMask
    {
        public ReadOnlySpan<ulong> Allowed => throw new InvalidOperationException("the mask is broken");

        public void Accept(int token) => throw new InvalidOperationException("nothing was allowed");
    }
}
