using AgentRuntime.Engine.Grammar;
using AgentRuntime.Engine.Sessions;
using AgentRuntime.Engine.Tests.Fakes;

namespace AgentRuntime.Engine.Tests.Sessions;

public sealed class JumpForwardTests
{
    private static readonly int[] Prompt = TestEngine.Tokens(1, 40);

    [Fact]
    public void Forced_text_is_appended_in_one_pass()
    {
        using var test = new TestEngine();
        using var session = test.Session(Prompt);
        var events = test.Generate(session, Options("a( the end|b the end)!"));
        var usage = events[^1].Usage!;
        var text = string.Concat(events.Select(e => e.Text));
        Assert.Contains(text, new[] { "a the end!", "ab the end!" });
        Assert.Equal(usage.OutputTokens, events.Count - 1);
        Assert.Equal(session.Length, Prompt.Length + usage.OutputTokens);
        Assert.InRange(usage.ForcedTokens, 5, 6);
        // All but the token generated last went through the model once, few passes for many tokens.
        Assert.Equal(session.Length - 1, test.Runner.ComputedTokens);
        Assert.Equal(usage.OutputTokens - usage.ForcedTokens, test.Runner.Passes.Count);
    }

    [Fact]
    public void Without_it_every_token_is_decoded()
    {
        using var test = new TestEngine();
        using var session = test.Session(Prompt);
        var events = test.Generate(session, Options("a the end!") with { JumpForward = false });
        Assert.Equal("a the end!", string.Concat(events.Select(e => e.Text)));
        Assert.Equal(0, events[^1].Usage!.ForcedTokens);
        Assert.Equal(events.Count - 1, test.Runner.Passes.Count);
    }

    [Fact]
    public void What_follows_depends_on_the_forced_tokens_as_on_any()
    {
        using var test = new TestEngine();
        using var session = test.Session(Prompt);
        var options = Options("a hello wor(0|1|2|3|4|5|6|7|8|9){20}");
        test.Generate(session, options);
        // The oracle: the model asked directly after exactly these tokens chooses the last of them.
        var tokens = session.Tokens.ToList();
        var mask = TokenGrammar.Compile(options.Constraint!, test.Engine.Tokenizer).CreateMask();
        foreach (var token in tokens[Prompt.Length..^1]) mask.Accept(token);
        var last = new Engine.Sampling.Sampler(new() { TokenMask = mask }).Sample(FakeModel.Logits(tokens[..^1]), tokens.ToArray().AsSpan(0, tokens.Count - 1));
        Assert.Equal(tokens[^1], last.Token);
        // What is resident of it serves the next session.
        using var again = test.Session([.. tokens, 65]);
        var cached = test.Generate(again, new() { MaxTokens = 1, IgnoreEos = true })[^1].Usage!.CachedTokens;
        Assert.InRange(cached, tokens.Count - 32, tokens.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(9)]
    public void The_token_limit_cuts_forced_text(int limit)
    {
        using var test = new TestEngine();
        using var session = test.Session(Prompt);
        var events = test.Generate(session, Options("0123456789abcdef") with { MaxTokens = limit });
        Assert.Equal("0123456789abcdef"[..limit], string.Concat(events.Select(e => e.Text)));
        Assert.Equal((FinishReason.Length, limit), (events[^1].FinishReason, events[^1].Usage!.OutputTokens));
    }

    [Fact]
    public void A_stop_sequence_within_forced_text_ends_the_reply()
    {
        using var test = new TestEngine();
        using var session = test.Session(Prompt);
        var events = test.Generate(session, Options("0123456789") with { StopSequences = ["45"] });
        Assert.Equal("0123", string.Concat(events.Select(e => e.Text)));
        Assert.Equal((FinishReason.Stop, 6), (events[^1].FinishReason, events[^1].Usage!.OutputTokens));
    }

    [Fact]
    public void Forced_tokens_have_log_probability_0()
    {
        using var test = new TestEngine();
        using var session = test.Session(Prompt);
        var events = test.Generate(session, Options("0123456789") with { LogProbabilities = true });
        Assert.All(events.Skip(1).Take(9), e => Assert.Equal(0, e.LogProbability));
        Assert.True(events[0].LogProbability < 0);
    }

    [Fact]
    public void A_slow_reader_and_small_passes_lose_nothing()
    {
        using var test = new TestEngine(options: new EngineOptions { EventBuffer = 2, PrefillChunk = 4, MaxRunning = 3 });
        var text = string.Concat(Enumerable.Range(100, 150));
        using var first = test.Session(Prompt);
        using var second = test.Session(TestEngine.Tokens(2, 7));
        using var third = test.Session(TestEngine.Tokens(3, 9));
        var constrained = TestEngine.Collect(first, Options(text) with { MaxTokens = 2000 });
        var others = new[] { second, third }.Select(session => TestEngine.Collect(session, new() { MaxTokens = 30, IgnoreEos = true })).ToArray();
        Assert.Equal(text, string.Concat(test.Run(constrained).Select(e => e.Text)));
        foreach (var other in others) Assert.Equal(31, test.Run(other).Count);
        Assert.All(test.Runner.Passes, pass => Assert.InRange(pass.Sum(), 1, 4));
        Assert.Equal(TestEngine.Expected(TestEngine.Tokens(2, 7), new() { MaxTokens = 30, IgnoreEos = true }), second.Tokens);
    }

    [Fact]
    public void A_session_rewinds_past_forced_tokens()
    {
        using var test = new TestEngine();
        using var session = test.Session(Prompt);
        var before = session.Checkpoint();
        var options = Options("a hello wor[0-9]{3} the end");
        var once = test.Generate(session, options).Select(e => e.Token).ToList();
        session.Rewind(before);
        Assert.Equal(once, test.Generate(session, options).Select(e => e.Token));
        test.CheckIntegrity();
    }

    private static GenerationOptions Options(string pattern) => new() { Constraint = Constraint.Regex(pattern), MaxTokens = 100 };
}
