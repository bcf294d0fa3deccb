using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Sessions;
using AgentRuntime.Engine.Tests.Fakes;

namespace AgentRuntime.Engine.Tests.Sessions;

public class SnapshotTests
{
    private static readonly GenerationOptions Options = new() { MaxTokens = 20, IgnoreEos = true };

    [Fact]
    public void Resumes_in_another_engine_without_computing_again()
    {
        using var first = new TestEngine();
        using var second = new TestEngine();
        var session = first.Session(TestEngine.Tokens(1, 100));
        first.Generate(session, Options);
        var tokens = session.Tokens.ToList();
        var path = Path.Combine(Path.GetTempPath(), $"snapshot-{Guid.NewGuid():N}");
        try
        {
            first.Run(session.SuspendAsync(path));
            Assert.Throws<ObjectDisposedException>(() => session.Tokens);
            var resumed = second.Run(second.Engine.ResumeSessionAsync(path));
            Assert.Equal(tokens, resumed.Tokens);
            var usage = second.Generate(resumed, Options)[^1].Usage!;
            Assert.Equal((119, 1), (usage.CachedTokens, usage.NewTokens));
            Assert.Equal(TestEngine.Expected(tokens, Options), resumed.Tokens);
            Assert.Equal(20, second.Runner.ComputedTokens);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void An_empty_session_and_a_full_block_survive_too()
    {
        foreach (var length in new[] { 0, 1, 32, 33, 65 })
        {
            using var test = new TestEngine();
            var session = test.Session(TestEngine.Tokens(1, length));
            if (length > 0) test.Run(session.PrefillAsync());
            using var file = Suspend(test, session);
            var resumed = test.Run(test.Engine.ResumeSessionAsync(file));
            Assert.Equal(TestEngine.Tokens(1, length), resumed.Tokens);
        }
    }

    [Fact]
    public void Every_damaged_byte_and_every_cut_is_noticed()
    {
        using var test = new TestEngine();
        var session = test.Session(TestEngine.Tokens(1, 40));
        test.Run(session.PrefillAsync());
        using var file = Suspend(test, session);
        var whole = file.ToArray();
        for (var i = 0; i < whole.Length; i++)
        {
            byte[] damaged = [.. whole];
            damaged[i] ^= (byte)(1 << i % 8);
            Refused(test, damaged);
            if (i % 7 == 0) Refused(test, whole[..i]);
        }
        Refused(test, [.. whole, 0]);
        test.CheckIntegrity();
        Assert.Equal(test.Engine.Statistics.KvBlocks, test.Engine.Statistics.KvBlocksFree + test.Engine.Statistics.KvBlocksCached);
    }

    [Fact]
    public void Damaged_keys_leave_the_tokens_to_be_computed_again()
    {
        using var test = new TestEngine();
        var session = test.Session(TestEngine.Tokens(1, 40));
        test.Run(session.PrefillAsync());
        using var file = Suspend(test, session);
        var bytes = file.ToArray();
        bytes[^40] ^= 1;
        Assert.Equal(TestEngine.Tokens(1, 40), Refused(test, bytes).Tokens!);
    }

    [Fact]
    public void Another_model_or_KV_type_is_refused()
    {
        using var test = new TestEngine();
        var session = test.Session(TestEngine.Tokens(1, 40));
        test.Run(session.PrefillAsync());
        using var file = Suspend(test, session);
        using var otherType = new TestEngine(kvType: KvType.F32);
        var error = Refused(otherType, file.ToArray());
        Assert.Contains("KV type", error.Message, StringComparison.Ordinal);
        Assert.Equal(TestEngine.Tokens(1, 40), error.Tokens!);

        var runner = new FakeRunner(64) { Config = FakeModel.Config with { Name = "another" } };
        using var other = new InferenceEngine(runner, new FakeTokenizer(), new(), null, null, null, ownThread: false);
        var task = other.ResumeSessionAsync(file);
        Assert.Contains("another model", Assert.Throws<SnapshotException>(() => test.Run(task)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Does_not_fit_is_said_and_leaves_nothing()
    {
        using var test = new TestEngine(blocks: 8);
        var session = test.Session(TestEngine.Tokens(1, 150));
        test.Run(session.PrefillAsync());
        using var file = Suspend(test, session);
        var other = test.Session(TestEngine.Tokens(2, 150));
        test.Run(other.PrefillAsync());
        Assert.Throws<ContextOverflowException>(() => test.Run(test.Engine.ResumeSessionAsync(file)));
        other.Dispose();
        file.Position = 0;
        test.Run(test.Engine.ResumeSessionAsync(file));
    }

    [Fact]
    public void A_file_that_cannot_be_written_leaves_the_session_alive()
    {
        using var test = new TestEngine();
        var session = test.Session(1, 2, 3);
        Assert.ThrowsAny<IOException>(() => test.Run(session.SuspendAsync("/nowhere/at/all")));
        test.Generate(session, Options);
        Assert.Equal(TestEngine.Expected([1, 2, 3], Options), session.Tokens);
    }

    private static MemoryStream Suspend(TestEngine test, Session session)
    {
        var file = new MemoryStream();
        test.Run(session.SuspendAsync(file));
        file.Position = 0;
        return file;
    }

    private static SnapshotException Refused(TestEngine test, byte[] bytes)
    {
        using var file = new MemoryStream(bytes);
        return Assert.Throws<SnapshotException>(() => test.Run(test.Engine.ResumeSessionAsync(file)));
    }
}
