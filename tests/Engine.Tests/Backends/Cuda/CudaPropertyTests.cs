using System.Globalization;
using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Backends.Cpu;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.Engine.Tests.Backends.Cuda;

/// <summary>
/// Random append, generate, fork, rewind, suspend, resume and close over several sessions of an engine on the GPU, or on
/// both sides, with so few KV blocks that they are evicted all the time. The processor computes each session's tokens
/// alone: every generated one must be its likeliest, but for the rounding of either side. AGENTRT_TEST_CASES makes it longer.
/// </summary>
[Collection(CudaCollection.Name)]
public sealed class CudaPropertyTests
{
    private const int Context = 96;

    // The sides differ by about a hundredth of the logits' size; a wrong block differs by all of it.
    private const double Tolerance = 0.1;

    private static readonly string Model = TestFiles.Golden("llama-q4_0.gguf");
    private static readonly int Cases = int.Parse(Environment.GetEnvironmentVariable("AGENTRT_TEST_CASES") ?? "1", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData(null, 0)]
    [InlineData(1, 100)]
    public async Task SessionsNeverDisturbEachOther(int? gpuLayers, int firstSeed)
    {
        for (var seed = firstSeed; seed < firstSeed + Cases; seed++)
        {
            try
            {
                await RunAsync(seed, gpuLayers);
            }
            catch (Exception error) when (!error.GetType().Name.StartsWith("Skip", StringComparison.Ordinal))
            {
                throw new InvalidOperationException($"The case of seed {seed} failed: {error.Message}", error);
            }
        }
    }

    private static async Task RunAsync(int seed, int? gpuLayers)
    {
        var random = new Random(seed);
        var backend = EmulatedGpu.Open();
        using var file = ModelLoader.Open(Model);
        var blockBytes = backend.Plan(file, new() { Context = Context, KvType = KvType.F32, GpuLayers = gpuLayers }).BlockBytes;
        await using var engine = await InferenceEngine.LoadAsync(Model, new()
        {
            Backend = backend,
            GpuLayers = gpuLayers,
            KvType = KvType.F32,
            ContextLength = Context,
            MemoryLimit = blockBytes * random.Next(6, 12),
            HostMemoryLimit = blockBytes * random.Next(8),
            PrefillChunk = random.Next(4, 64),
            MaxRunning = 3,
            Threads = 1,
            KvWait = TimeSpan.Zero,
        });
        // A session with, for each of its tokens, whether the model chose it.
        List<(Session Session, List<bool> Chosen)> sessions = [];
        for (var i = 0; i < 25; i++)
        {
            var at = sessions.Count == 0 ? -1 : random.Next(sessions.Count);
            switch (random.Next(8))
            {
                case 0 or 1 when sessions.Count < 4:
                    sessions.Add((engine.CreateSession(), []));
                    Append(sessions[^1], random);
                    break;
                case 2 when at >= 0:
                    Append(sessions[at], random);
                    break;
                case 3 or 4:
                    await Task.WhenAll(sessions.Where(_ => random.Next(3) > 0).ToArray().Select(session => GenerateAsync(session, random.Next(1, 6))));
                    break;
                case 5 when at >= 0 && sessions.Count < 4:
                    sessions.Add((sessions[at].Session.Fork(), [.. sessions[at].Chosen]));
                    break;
                case 6 when at >= 0:
                    await SuspendAndResumeAsync(engine, sessions, at);
                    break;
                case 7 when at >= 0 && sessions.Count > 2:
                    sessions[at].Session.Dispose();
                    sessions.RemoveAt(at);
                    break;
            }
            await engine.CheckIntegrityAsync();
        }
        using var processor = new CpuBackend().LoadModel(file, new() { KvBlocks = Context / 32 + 1, KvType = KvType.F32, MaxBatchTokens = Context, Threads = 1 });
        foreach (var (session, chosen) in sessions)
        {
            Check(processor, [.. session.Tokens], chosen);
            session.Dispose();
        }
    }

    /// <summary>Few different texts, so that sessions share prefixes of all lengths.</summary>
    private static void Append((Session Session, List<bool> Chosen) session, Random random)
    {
        var text = new Random(random.Next(2));
        var tokens = Enumerable.Range(0, random.Next(1, 50)).Select(_ => text.Next(3, 250)).ToArray();
        if (session.Session.Length + tokens.Length > Context - 8) return;
        session.Session.Append(tokens);
        session.Chosen.AddRange(Enumerable.Repeat(false, tokens.Length));
    }

    private static async Task GenerateAsync((Session Session, List<bool> Chosen) session, int count)
    {
        try
        {
            await foreach (var _ in session.Session.GenerateAsync(new() { MaxTokens = count, IgnoreEos = true })) { }
        }
        catch (ContextOverflowException)
        {
            // The live sessions leave too few blocks: nothing may have changed.
        }
        while (session.Chosen.Count < session.Session.Length) session.Chosen.Add(true);
    }

    private static async Task SuspendAndResumeAsync(InferenceEngine engine, List<(Session Session, List<bool> Chosen)> sessions, int at)
    {
        var (session, chosen) = sessions[at];
        using var file = new MemoryStream();
        await session.SuspendAsync(file);
        sessions.RemoveAt(at);
        foreach (var other in sessions) await GenerateAsync(other, 1);
        file.Position = 0;
        try
        {
            sessions.Add((await engine.ResumeSessionAsync(file), chosen));
        }
        catch (ContextOverflowException)
        {
            // The live sessions leave no room for it.
        }
    }

    private static void Check(IModelRunner processor, int[] tokens, List<bool> chosen)
    {
        if (tokens.Length == 0) return;
        var logits = Run.All(processor, tokens);
        for (var i = 1; i < tokens.Length; i++)
        {
            if (!chosen[i]) continue;
            var row = logits[i - 1];
            var size = Math.Sqrt(row.Average(value => (double)value * value));
            Assert.True(row[tokens[i]] >= row.Max() - Tolerance * size, $"token {i} of {tokens.Length} is not the likeliest: {row[tokens[i]]} of at most {row.Max()}, their size is {size:g3}");
        }
    }
}
