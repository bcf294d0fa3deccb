using AgentRuntime.Engine.Sessions;
using AgentRuntime.Engine.Tests.Fakes;

namespace AgentRuntime.Engine.Tests.Sessions;

public class SessionTests
{
    private static readonly GenerationOptions Greedy = new() { MaxTokens = 20, IgnoreEos = true };

    [Fact]
    public void Generates_what_the_model_says()
    {
        using var test = new TestEngine();
        var session = test.Session(TestEngine.Tokens(1, 50));
        var events = test.Generate(session, Greedy);
        Assert.Equal(TestEngine.Expected(TestEngine.Tokens(1, 50), Greedy), session.Tokens);
        Assert.Equal(session.Tokens.Skip(50), events.SkipLast(1).Select(e => e.Token!.Value));
        var last = events[^1];
        Assert.Null(last.Token);
        Assert.Equal(FinishReason.Length, last.FinishReason);
        Assert.Equal((50, 0, 20, 69), (last.Usage!.PromptTokens, last.Usage.CachedTokens, last.Usage.OutputTokens, last.Usage.ComputedTokens));
    }

    [Fact]
    public void Progress_of_the_prompt_is_reported_pass_by_pass()
    {
        using var test = new TestEngine(options: new() { PrefillChunk = 40 });
        var reports = new Reports();
        var events = test.Generate(test.Session(TestEngine.Tokens(1, 100)), Greedy with { PrefillProgress = reports });
        Assert.Equal([new(0, 100), new(40, 100), new(80, 100), new(100, 100)], reports);
        // Every event knows its time, in order, up to what the usage says.
        var usage = events[^1].Usage!;
        Assert.Equal(events.Select(e => e.Time).Order(), events.Select(e => e.Time));
        Assert.Equal(usage.TimeToFirstToken, events[0].Time);
        Assert.Equal(usage.TimeToFirstToken + usage.DecodeTime, events[^2].Time);
    }

    private sealed class Reports : List<PrefillProgress>, IProgress<PrefillProgress>
    {
        public void Report(PrefillProgress value) => Add(value);
    }

    [Fact]
    public void Appending_costs_only_the_new_tokens()
    {
        using var test = new TestEngine();
        var session = test.Session(TestEngine.Tokens(1, 100));
        var expected = session.Tokens.ToList();
        for (var step = 0; step < 6; step++)
        {
            var usage = test.Generate(session, Greedy)[^1].Usage!;
            expected = TestEngine.Expected(expected, Greedy);
            Assert.Equal(step == 0 ? 100 : 31, usage.NewTokens);
            Assert.Equal(expected, session.Tokens);
            session.Append(TestEngine.Tokens(step + 10, 30));
            expected.AddRange(TestEngine.Tokens(step + 10, 30));
        }
        // The last token generated and the last 30 appended are not computed yet.
        Assert.Equal(session.Length - 31, test.Runner.ComputedTokens);
    }

    [Fact]
    public void Fork_shares_and_both_sides_go_their_own_way()
    {
        using var test = new TestEngine();
        var parent = test.Session(TestEngine.Tokens(1, 70));
        test.Generate(parent, Greedy);
        var before = test.Runner.ComputedTokens;
        var child = parent.Fork();
        parent.Append([1, 2, 3]);
        child.Append([4, 5]);
        var expectedParent = TestEngine.Expected(parent.Tokens, Greedy);
        var expectedChild = TestEngine.Expected(child.Tokens, Greedy);
        test.Run(Task.WhenAll(TestEngine.Collect(parent, Greedy), TestEngine.Collect(child, Greedy)));
        Assert.Equal(expectedParent, parent.Tokens);
        Assert.Equal(expectedChild, child.Tokens);
        // Each computes its appended tokens, the pending one and all but the last of its own 20.
        Assert.Equal(before + (3 + 1 + 19) + (2 + 1 + 19), test.Runner.ComputedTokens);
    }

    [Fact]
    public void Rewind_goes_back_and_frees()
    {
        using var test = new TestEngine();
        var session = test.Session(TestEngine.Tokens(1, 40));
        var checkpoint = session.Checkpoint();
        test.Generate(session, Greedy);
        var first = session.Tokens.ToList();
        session.Rewind(checkpoint);
        Assert.Equal(40, session.Length);
        test.Generate(session, Greedy);
        Assert.Equal(first, session.Tokens);
        var later = session.Checkpoint();
        session.Rewind(checkpoint);
        session.Append(TestEngine.Tokens(2, 30));
        Assert.Throws<EngineException>(() => session.Rewind(later));
    }

    [Fact]
    public void A_new_session_reuses_what_another_left()
    {
        using var test = new TestEngine();
        var first = test.Session(TestEngine.Tokens(1, 100));
        test.Generate(first, Greedy);
        var history = first.Tokens.ToList();
        first.Dispose();

        var second = test.Session([.. history, 7, 8, 9]);
        var usage = test.Generate(second, Greedy)[^1].Usage!;
        // All but the token that was never computed and the three new ones, down to the middle of a block.
        Assert.Equal(history.Count - 1, usage.CachedTokens);
        Assert.Equal(TestEngine.Expected([.. history, 7, 8, 9], Greedy), second.Tokens);
    }

    [Fact]
    public void A_live_session_shares_its_whole_blocks()
    {
        using var test = new TestEngine();
        var first = test.Session(TestEngine.Tokens(1, 100));
        test.Generate(first, Greedy);
        var second = test.Session([.. TestEngine.Tokens(1, 90), 5, 6]);
        var usage = test.Generate(second, Greedy)[^1].Usage!;
        Assert.Equal(90, usage.CachedTokens);
        Assert.Equal(TestEngine.Expected([.. TestEngine.Tokens(1, 90), 5, 6], Greedy), second.Tokens);
    }

    [Fact]
    public void Prefill_leaves_one_token_and_nothing_is_computed_twice()
    {
        using var test = new TestEngine();
        var session = test.Session(TestEngine.Tokens(1, 100));
        Assert.Equal(99, test.Run(session.PrefillAsync()).ComputedTokens);
        Assert.Equal(0, test.Run(session.PrefillAsync()).ComputedTokens);
        var usage = test.Generate(session, Greedy)[^1].Usage!;
        Assert.Equal((99, 1), (usage.CachedTokens, usage.NewTokens));
        Assert.Equal(TestEngine.Expected(TestEngine.Tokens(1, 100), Greedy), session.Tokens);
    }

    [Fact]
    public void Logits_of_every_position()
    {
        using var test = new TestEngine(options: new() { PrefillChunk = 17 });
        var tokens = TestEngine.Tokens(1, 60);
        using var session = test.Session(tokens);
        var logits = test.Run(session.ForwardLogitsAsync());
        Assert.Equal(FakeModel.Logits(tokens), logits.Last.ToArray());
        Assert.Equal(
            Enumerable.Range(1, 60).Select(count => Array.IndexOf(FakeModel.Logits(tokens[..count]), FakeModel.Logits(tokens[..count]).Max())),
            logits.ArgMax);
        // Everything is computed now; generating needs the last position's logits once more.
        test.Generate(session, Greedy);
        Assert.Equal(TestEngine.Expected(tokens, Greedy), session.Tokens);
    }

    [Fact]
    public void Ends_at_the_end_token_and_keeps_it()
    {
        using var test = new TestEngine();
        var options = new GenerationOptions { MaxTokens = 3000, Temperature = 1, Seed = 5 };
        var session = test.Session(1, 2, 3);
        var events = test.Generate(session, options);
        Assert.Equal(FinishReason.Stop, events[^1].FinishReason);
        Assert.Equal(FakeTokenizer.End, session.Tokens[^1]);
        Assert.Equal("", events[^2].Text);
        Assert.Equal(TestEngine.Expected([1, 2, 3], options), session.Tokens);
    }

    [Fact]
    public void The_context_ends_the_generation()
    {
        using var test = new TestEngine(options: new() { ContextLength = 64 });
        var session = test.Session(TestEngine.Tokens(1, 60));
        var events = test.Generate(session, Greedy);
        Assert.Equal((64, FinishReason.Length), (session.Length, events[^1].FinishReason));
        var overflow = Assert.Throws<ContextOverflowException>(() => test.Generate(session, Greedy));
        Assert.Equal((65, 64), (overflow.Required, overflow.Available));
        Assert.Throws<ContextOverflowException>(() => session.Append([1]));
        Assert.Equal(64, session.Length);
    }

    [Fact]
    public void Refuses_bad_input_with_a_sentence()
    {
        using var test = new TestEngine();
        var session = test.Engine.CreateSession();
        Assert.Contains("append a prompt", Assert.Throws<EngineException>(() => test.Generate(session, Greedy)).Message, StringComparison.Ordinal);
        Assert.Contains("Token 300 at position 1", Assert.Throws<EngineException>(() => session.Append([0, 300])).Message, StringComparison.Ordinal);
        Assert.Throws<EngineException>(() => session.Append([-1]));
        Assert.Equal(0, session.Length);
        session.Append([1]);
        Assert.Contains("Temperature", Assert.Throws<EngineException>(() => test.Generate(session, new() { Temperature = -1 })).Message, StringComparison.Ordinal);
        Assert.Equal(0, test.Runner.ComputedTokens);
        session.Dispose();
        Assert.Throws<ObjectDisposedException>(() => session.Append([1]));
    }

    [Fact]
    public void One_request_at_a_time()
    {
        using var test = new TestEngine();
        var session = test.Session(1, 2, 3);
        var generation = TestEngine.Collect(session, Greedy);
        Assert.Throws<InvalidOperationException>(() => session.Append([1]));
        Assert.Throws<InvalidOperationException>(() => session.Tokens);
        test.Run(generation);
        session.Append([1]);
    }

    [Fact]
    public void A_stop_sequence_over_several_tokens_ends_the_reply()
    {
        using var test = new TestEngine();
        var session = test.Session(1, 2, 3);
        var plain = string.Concat(test.Generate(session, Greedy).Select(e => e.Text));
        var again = test.Session(1, 2, 3);
        var events = test.Generate(again, Greedy with { StopSequences = [plain[4..7]] });
        Assert.Equal(FinishReason.Stop, events[^1].FinishReason);
        Assert.Equal(plain[..plain.IndexOf(plain[4..7], StringComparison.Ordinal)], string.Concat(events.Select(e => e.Text)));
        // The stop's tokens were generated, so they stay; a checkpoint leads back before them.
        Assert.Equal(session.Tokens.Take(again.Length), again.Tokens);
    }

    [Fact]
    public void Usage_tells_where_the_time_went()
    {
        var clock = new StepClock();
        using var test = new TestEngine(options: new() { TimeProvider = clock, PrefillChunk = 40 });
        test.Runner.BeforePass = () => clock.Advance(TimeSpan.FromSeconds(1));
        var usage = test.Generate(test.Session(TestEngine.Tokens(1, 100)), Greedy)[^1].Usage!;
        // Three passes of prompt, the last of which gives the first token, then 19 of one token each.
        Assert.Equal(
            (TimeSpan.Zero, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(19)),
            (usage.QueueTime, usage.PrefillTime, usage.TimeToFirstToken, usage.DecodeTime));
    }

    private sealed class StepClock : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Advance(TimeSpan time) => _now += time.Ticks;
    }
}
