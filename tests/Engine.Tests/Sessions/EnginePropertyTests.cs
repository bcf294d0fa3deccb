namespace AgentRuntime.Engine.Tests.Sessions;

public class EnginePropertyTests
{
    /// <summary>
    /// Random append, generate, fork, rewind, suspend, resume, cancel and close over several sessions, with a KV cache so
    /// small that blocks are evicted all the time: every session's tokens are those of its history alone, and the
    /// bookkeeping holds after each operation.
    /// </summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(2000)]
    [InlineData(3000)]
    public void Sessions_never_disturb_each_other(int firstSeed)
    {
        for (var seed = firstSeed; seed < firstSeed + 500; seed++)
        {
            try
            {
                using var engineCase = new EngineCase(seed);
                engineCase.Run(operations: 25);
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"The case of seed {seed} failed: {error.Message}", error);
            }
        }
    }

    /// <summary>The same where evicted blocks go to a small host memory and come back. AGENTRT_TEST_CASES makes it longer.</summary>
    [Fact]
    public void Sessions_never_disturb_each_other_through_host_memory()
    {
        var cases = int.TryParse(Environment.GetEnvironmentVariable("AGENTRT_TEST_CASES"), out var asked) ? asked : 200;
        var restored = 0L;
        for (var seed = 10_000; seed < 10_000 + cases; seed++)
        {
            try
            {
                using var engineCase = new EngineCase(seed, hostMemory: true);
                engineCase.Run(operations: 80);
                restored += engineCase.Restored;
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"The case of seed {seed} failed: {error.Message}", error);
            }
        }
        Assert.True(restored > cases, $"only {restored} blocks came back in {cases} cases");
    }
}
