using AgentRuntime.Engine.Sessions;
using AgentRuntime.Engine.Tests.Fakes;

namespace AgentRuntime.Engine.Tests.Scheduling;

/// <summary>The engine on its own thread.</summary>
public class EngineThreadTests
{
    private static readonly GenerationOptions Options = new() { MaxTokens = 15, IgnoreEos = true, Temperature = 1, Seed = 3 };

    [Fact]
    public async Task Many_callers_at_once()
    {
        await using var engine = new InferenceEngine(new FakeRunner(64), new FakeTokenizer(), new() { EventBuffer = 3, MaxRunning = 4 });
        async Task Converse(int seed)
        {
            using var session = engine.CreateSession();
            var expected = new List<int>();
            for (var turn = 0; turn < 3; turn++)
            {
                int[] prompt = TestEngine.Tokens(seed % 3 + turn, 20);
                session.Append(prompt);
                expected.AddRange(prompt);
                await TestEngine.Collect(session, Options);
                expected = TestEngine.Expected(expected, Options);
                Assert.Equal(expected, session.Tokens);
            }
        }
        await Task.WhenAll(Enumerable.Range(0, 8).Select(seed => Task.Run(() => Converse(seed))));
        await engine.CheckIntegrityAsync();
        Assert.Equal(64, engine.Statistics.KvBlocksFree + engine.Statistics.KvBlocksCached);
    }

    [Fact]
    public async Task Shutting_down_ends_what_runs()
    {
        var runner = new FakeRunner(200);
        var engine = new InferenceEngine(runner, new FakeTokenizer(), new() { EventBuffer = 2 });
        var session = engine.CreateSession();
        session.Append([1]);
        var events = session.GenerateAsync(new() { MaxTokens = 1500, IgnoreEos = true }).GetAsyncEnumerator();
        Assert.True(await events.MoveNextAsync());
        await engine.DisposeAsync();
        await Assert.ThrowsAsync<EngineException>(async () =>
        {
            while (await events.MoveNextAsync()) { }
        });
        Assert.True(runner.IsDisposed);
        Assert.Throws<ObjectDisposedException>(() => engine.CreateSession());
        session.Dispose();
        await engine.DisposeAsync();
    }

    [Fact]
    public async Task Disposing_a_session_ends_its_generation()
    {
        await using var engine = new InferenceEngine(new FakeRunner(200), new FakeTokenizer(), new() { EventBuffer = 2 });
        var session = engine.CreateSession();
        session.Append([1]);
        var last = default(TokenEvent);
        await foreach (var tokenEvent in session.GenerateAsync(new() { MaxTokens = 1500, IgnoreEos = true }))
        {
            session.Dispose();
            last = tokenEvent;
        }
        Assert.Equal(FinishReason.Cancelled, last!.FinishReason);
        await engine.CheckIntegrityAsync();
        Assert.Equal(200, engine.Statistics.KvBlocksFree + engine.Statistics.KvBlocksCached);
    }

    [Fact]
    public async Task A_request_that_finds_no_blocks_fails_after_its_wait()
    {
        await using var engine = new InferenceEngine(new FakeRunner(8), new FakeTokenizer(), new() { KvWait = TimeSpan.FromMilliseconds(1) });
        using var resident = engine.CreateSession();
        resident.Append(TestEngine.Tokens(1, 150));
        await resident.PrefillAsync(TestContext.Current.CancellationToken);
        using var second = engine.CreateSession();
        second.Append(TestEngine.Tokens(2, 150));
        await Assert.ThrowsAsync<ContextOverflowException>(() => second.PrefillAsync(TestContext.Current.CancellationToken));
        resident.Dispose();
        Assert.Equal(149, (await second.PrefillAsync(TestContext.Current.CancellationToken)).ComputedTokens);
    }
}
