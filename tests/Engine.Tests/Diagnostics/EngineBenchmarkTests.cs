using AgentRuntime.Engine.Diagnostics;
using AgentRuntime.Engine.Tests.Backends.Cpu;

namespace AgentRuntime.Engine.Tests.Diagnostics;

public sealed class EngineBenchmarkTests
{
    [Fact]
    public void GivesARowForEachTestAndDepth()
    {
        var options = new EngineBenchmarkOptions { Prompts = [5, 40], Generate = 3, Verify = 4, Depths = [0, 100], Repetitions = 2 };
        using var model = new LoadedModel("qwen3-q8_0", new() { KvBlocks = options.KvBlocks, MaxBatchTokens = 32, Threads = 1 });
        var benchmark = new EngineBenchmark(model.Runner, options);
        var rows = benchmark.Run(TestContext.Current.CancellationToken).ToList();
        Assert.Equal(benchmark.Tests, rows.Count);
        Assert.Equal(
            [("prefill", 5, 0), ("prefill", 40, 0), ("decode", 3, 0), ("verify", 4, 0), ("prefill", 5, 100), ("prefill", 40, 100), ("decode", 3, 100), ("verify", 4, 100)],
            rows.Select(row => (row.Test, row.Tokens, row.Depth)));
        Assert.All(rows, row => Assert.InRange(row.TokensPerSecond.Median, row.TokensPerSecond.Min, row.TokensPerSecond.Max));
        Assert.All(rows, row => Assert.True(row.TokensPerSecond.Min > 0));
    }

    [Fact]
    public void PartsOfThePassesAddUpToItsTime()
    {
        var options = new EngineBenchmarkOptions { Prompts = [32], Generate = 0, Repetitions = 3, Parts = true };
        using var model = new LoadedModel("qwen3-q8_0", new() { KvBlocks = options.KvBlocks, MaxBatchTokens = 32, Threads = 1 });
        var row = new EngineBenchmark(model.Runner, options).Run(TestContext.Current.CancellationToken).Single();
        Assert.NotNull(row.PartsMs);
        Assert.Superset(new HashSet<string> { "QueryKeyValue", "Attention", "GateAndUp", "Down", "Logits" }, row.PartsMs.Keys.ToHashSet());
        Assert.InRange(row.PartsMs.Values.Sum(), 0.001, options.Repetitions * row.Tokens / row.TokensPerSecond.Min * 1000);
    }

    [Fact]
    public void ARunnerWithTooFewBlocksIsRefused()
    {
        using var model = new LoadedModel("qwen3-q8_0");
        var error = Assert.Throws<ArgumentException>(() => new EngineBenchmark(model.Runner, new() { Depths = [1000] }));
        Assert.Contains("KV blocks", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RatesGiveMedianAndRange()
    {
        Assert.Equal(new BenchmarkRate(2, 1, 5), BenchmarkRate.Of([5, 1, 2]));
        Assert.Equal(new BenchmarkRate(1.5, 1, 2), BenchmarkRate.Of([2, 1]));
    }
}
