using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.Engine.Tests.Backends.Cuda;

/// <summary>Sessions over the CUDA backend: what they share, keep and restore is the backend's blocks.</summary>
[Collection(CudaCollection.Name)]
public sealed class CudaEngineTests
{
    private static readonly int[] Prompt = [.. Enumerable.Range(0, 45).Select(i => 3 + i * 31 % 200)];

    [Theory]
    [InlineData(KvType.F16)]
    [InlineData(KvType.Q8_0)]
    public async Task ForksRewindsAndResumesContinueAlike(KvType type)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var engine = await LoadAsync(type, cancel);
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
        await using var other = await LoadAsync(type, cancel);
        using var resumed = await other.ResumeSessionAsync(snapshot, cancel);
        Assert.Equal(expected, await GenerateAsync(resumed, cancel));
        await engine.CheckIntegrityAsync();
        await other.CheckIntegrityAsync();
    }

    [Fact]
    public async Task SessionsTogetherAreWhatEachIsAlone()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var engine = await LoadAsync(KvType.F32, cancel);
        var sessions = Enumerable.Range(0, 3).Select(_ => engine.CreateSession()).ToArray();
        for (var i = 0; i < sessions.Length; i++) sessions[i].Append(Prompt.AsSpan(5 * i));
        var together = await Task.WhenAll(sessions.Select(session => GenerateAsync(session, cancel)));
        for (var i = 0; i < sessions.Length; i++)
        {
            sessions[i].Dispose();
            using var alone = engine.CreateSession();
            alone.Append(Prompt.AsSpan(5 * i));
            Assert.Equal(together[i], await GenerateAsync(alone, cancel));
        }
        await engine.CheckIntegrityAsync();
    }

    [Fact]
    public async Task TheDevicesChoiceIsTheSamplers()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var engine = await LoadAsync(KvType.F16, cancel);
        using var session = engine.CreateSession();
        session.Append(Prompt);
        var checkpoint = session.Checkpoint();
        var chosen = await GenerateAsync(session, cancel);
        session.Rewind(checkpoint);
        // Who wants probabilities gets logits, and the sampler chooses.
        List<int> sampled = [];
        await foreach (var e in session.GenerateAsync(new() { MaxTokens = 12, IgnoreEos = true, LogProbabilities = true }, cancel))
            if (e.Token is { } token) sampled.Add(token);
        Assert.Equal(sampled, chosen);
    }

    private static Task<InferenceEngine> LoadAsync(KvType type, CancellationToken cancel) => InferenceEngine.LoadAsync(
        TestFiles.Golden("qwen3-q8_0.gguf"), new() { Backend = EmulatedGpu.Open(), KvType = type, ContextLength = 256, PrefillChunk = 64 }, null, cancel);

    private static async Task<List<int>> GenerateAsync(Session session, CancellationToken cancel)
    {
        List<int> tokens = [];
        await foreach (var e in session.GenerateAsync(new() { MaxTokens = 12, IgnoreEos = true }, cancel))
            if (e.Token is { } token) tokens.Add(token);
        return tokens;
    }
}
