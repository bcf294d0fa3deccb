using AgentRuntime.Engine.Sessions;
using AgentRuntime.Engine.Tests.Fakes;

namespace AgentRuntime.Engine.Tests.Scheduling;

public class SchedulerTests
{
    private static readonly GenerationOptions Ten = new() { MaxTokens = 10, IgnoreEos = true };

    [Fact]
    public void Sessions_decode_in_one_pass_and_prompts_fill_the_budget()
    {
        using var test = new TestEngine(options: new() { PrefillChunk = 100, PrefillChunkBesideDecode = 20 });
        var first = TestEngine.Collect(test.Session(TestEngine.Tokens(1, 10)), Ten);
        test.Engine.Loop.RunUntilIdle(maxSteps: 2);
        var second = TestEngine.Collect(test.Session(TestEngine.Tokens(2, 50)), Ten);
        test.Run(Task.WhenAll(first, second));
        int[][] expected =
        [
            [10], [1],
            // The prompt comes in chunks beside the other's decode.
            [1, 20], [1, 20], [1, 10],
            [1, 1], [1, 1], [1, 1], [1, 1], [1, 1],
        ];
        Assert.Equal(expected, test.Runner.Passes.Take(10));
    }

    [Fact]
    public void Logits_are_asked_for_only_where_a_request_needs_them()
    {
        using var test = new TestEngine();
        var prompt = TestEngine.Tokens(1, 20);
        test.Run(TestEngine.Collect(test.Session(prompt), Ten));
        Assert.Equal(10, test.Runner.SampledPasses);
        // Together with one that wants probabilities, all get logits.
        var (greedy, told) = (test.Session(prompt), test.Session(prompt));
        var replies = test.Run(Task.WhenAll(TestEngine.Collect(greedy, Ten), TestEngine.Collect(told, Ten with { LogProbabilities = true })));
        Assert.Equal(10, test.Runner.SampledPasses);
        Assert.Equal(TestEngine.Expected(prompt, Ten), greedy.Tokens);
        Assert.Equal(greedy.Tokens, told.Tokens);
        Assert.All(replies[1].Where(e => e.Token is not null), e => Assert.NotNull(e.LogProbability));
    }

    [Fact]
    public void Long_prompts_take_turns()
    {
        using var test = new TestEngine(options: new() { PrefillChunk = 50 });
        var longPrompt = test.Session(TestEngine.Tokens(1, 500)).PrefillAsync();
        test.Engine.Loop.RunUntilIdle(maxSteps: 1);
        var shortPrompt = test.Session(TestEngine.Tokens(2, 40)).PrefillAsync();
        test.Run(Task.WhenAll(longPrompt, shortPrompt));
        Assert.Equal([[50], [50], [39, 11], [50]], test.Runner.Passes.Take(4));
    }

    [Fact]
    public void Equal_prompts_at_the_same_time_are_computed_once()
    {
        using var test = new TestEngine(options: new() { PrefillChunk = 64 });
        var prompt = TestEngine.Tokens(1, 256);
        var sessions = Enumerable.Range(0, 4).Select(_ => test.Session(prompt)).ToList();
        test.Run(Task.WhenAll(sessions.Select(session => TestEngine.Collect(session, Ten))));
        foreach (var session in sessions) Assert.Equal(TestEngine.Expected(prompt, Ten), session.Tokens);
        // The last block cannot be shared while all are computing it.
        Assert.InRange(test.Runner.ComputedTokens, 256 + 4 * 9, 256 + 3 * 64 + 4 * 9);
    }

    [Fact]
    public void Too_many_requests_are_refused_with_a_hint()
    {
        using var test = new TestEngine(options: new() { MaxRunning = 2, MaxSessionsQueued = 1 });
        var sessions = Enumerable.Range(0, 4).Select(seed => test.Session(TestEngine.Tokens(seed, 5))).ToList();
        var admitted = sessions.Take(3).Select(session => TestEngine.Collect(session, Ten)).ToList();
        var busy = Assert.Throws<EngineBusyException>(() => test.Run(TestEngine.Collect(sessions[3], Ten)));
        Assert.True(busy.RetryAfter > TimeSpan.Zero);
        test.Run(Task.WhenAll(admitted));
        Assert.All(test.Runner.Passes, pass => Assert.True(pass.Length <= 2));
        test.Run(TestEngine.Collect(sessions[3], Ten));
        Assert.Equal(TestEngine.Expected(TestEngine.Tokens(3, 5), Ten), sessions[3].Tokens);
    }

    [Fact]
    public void Cancelling_ends_within_a_step_and_gives_back_what_it_had_taken()
    {
        using var test = new TestEngine(options: new() { PrefillChunk = 100 });
        using var cancellation = new CancellationTokenSource();
        var session = test.Session(TestEngine.Tokens(1, 350));
        var generation = TestEngine.Collect(session, Ten, cancellation.Token);
        test.Engine.Loop.RunUntilIdle(maxSteps: 2);
        cancellation.Cancel();
        Assert.Equal(FinishReason.Cancelled, test.Run(generation)[^1].FinishReason);
        Assert.Equal(2, test.Runner.Passes.Count);
        session.Dispose();
        test.CheckIntegrity();
        Assert.Equal(test.Engine.Statistics.KvBlocks, test.Engine.Statistics.KvBlocksFree + test.Engine.Statistics.KvBlocksCached);
        Assert.Equal(7, test.Engine.Statistics.KvBlocksCached);
    }

    [Fact]
    public void Leaving_the_stream_early_frees_the_session()
    {
        using var test = new TestEngine();
        var session = test.Session(1, 2, 3);
        async Task TakeTwo()
        {
            var taken = 0;
            await foreach (var _ in session.GenerateAsync(new() { MaxTokens = 1000, IgnoreEos = true }))
            {
                if (++taken == 2) break;
            }
        }
        test.Run(TakeTwo());
        Assert.InRange(session.Length, 5, 900);
        session.Append([1]);
    }

    [Fact]
    public void A_slow_reader_pauses_its_session_only()
    {
        using var test = new TestEngine(options: new() { EventBuffer = 4 });
        var options = new GenerationOptions { MaxTokens = 25, IgnoreEos = true };
        var slow = test.Session(1, 2, 3);
        var reader = slow.GenerateAsync(options).GetAsyncEnumerator();
        var first = reader.MoveNextAsync().AsTask();
        var other = test.Session(4, 5, 6);
        var generation = TestEngine.Collect(other, options);
        test.Run(generation);
        Assert.Equal(TestEngine.Expected([4, 5, 6], options), other.Tokens);
        // It stopped when its buffer was full, and goes on token for token as it is read.
        Assert.True(test.Runner.Passes.Count(pass => pass.Length == 2) < 10);
        test.Run(first);
        var tokens = new List<int> { 1, 2, 3 };
        while (reader.Current.Token is { } token)
        {
            tokens.Add(token);
            test.Run(reader.MoveNextAsync().AsTask());
        }
        Assert.Equal(TestEngine.Expected([1, 2, 3], options), tokens);
        Assert.Equal(FinishReason.Length, reader.Current.FinishReason);
        test.Run(reader.DisposeAsync().AsTask());
    }

    [Fact]
    public void When_blocks_are_short_requests_wait_for_those_that_run()
    {
        // 8 blocks: one session of 200 tokens at a time.
        using var test = new TestEngine(blocks: 8);
        var sessions = Enumerable.Range(0, 3).Select(seed => test.Session(TestEngine.Tokens(seed, 190))).ToList();
        var tasks = sessions.Select(async session =>
        {
            await TestEngine.Collect(session, Ten);
            Assert.Equal(200, session.Length);
            session.Dispose();
        });
        test.Run(Task.WhenAll(tasks));
    }

    [Fact]
    public void What_cannot_fit_beside_live_sessions_is_refused_before_anything_is_computed()
    {
        using var test = new TestEngine(blocks: 8, new() { KvWait = TimeSpan.Zero });
        var resident = test.Session(TestEngine.Tokens(1, 150));
        test.Run(resident.PrefillAsync());
        var computed = test.Runner.ComputedTokens;
        var second = test.Session(TestEngine.Tokens(2, 150));
        var overflow = Assert.Throws<ContextOverflowException>(() => test.Generate(second, Ten));
        Assert.True(overflow.Required > overflow.Available);
        Assert.Equal(computed, test.Runner.ComputedTokens);
        // Once the first has ended, its blocks are only a cache.
        resident.Dispose();
        test.Generate(second, Ten);
        Assert.Equal(TestEngine.Expected(TestEngine.Tokens(2, 150), Ten), second.Tokens);
    }

    [Fact]
    public void A_failing_model_fails_the_requests_and_nothing_else()
    {
        using var test = new TestEngine(options: new() { PrefillChunk = 50 });
        var sessions = Enumerable.Range(0, 2).Select(seed => test.Session(TestEngine.Tokens(seed, 120))).ToList();
        test.Runner.BeforePass = () =>
        {
            if (test.Runner.Passes.Count == 3) throw new InvalidOperationException("no memory on the device");
        };
        var tasks = sessions.Select(session => TestEngine.Collect(session, Ten)).ToList();
        var error = Assert.Throws<ComputeException>(() => test.Run(Task.WhenAll(tasks)));
        Assert.Contains("no memory on the device", error.Message, StringComparison.Ordinal);
        test.CheckIntegrity();
        test.Runner.BeforePass = null;
        for (var i = 0; i < 2; i++)
        {
            if (sessions[i].Length == 120) test.Generate(sessions[i], Ten);
            Assert.Equal(TestEngine.Expected(TestEngine.Tokens(i, 120), Ten), sessions[i].Tokens);
        }
    }

    [Fact]
    public void A_failing_mask_fails_its_generation_only()
    {
        using var test = new TestEngine();
        var (good, bad) = (test.Session(1, 2), test.Session(3, 4));
        var failing = TestEngine.Collect(bad, Ten with { TokenMask = new FailingMask() });
        var fine = TestEngine.Collect(good, Ten);
        Assert.Throws<EngineException>(() => test.Run(failing));
        test.Run(fine);
        Assert.Equal(TestEngine.Expected([1, 2], Ten), good.Tokens);
        Assert.Equal([3, 4], bad.Tokens);
    }

    private sealed class FailingMask : Engine.Sampling.ITokenMask
    {
        public ReadOnlySpan<ulong> Allowed => throw new InvalidOperationException("grammar defect");

        public void Accept(int token)
        {
        }
    }
}
