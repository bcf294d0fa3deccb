namespace AgentRuntime.Cli.Tests.Hosting;

/// <summary><c>--otlp</c> against a collector on loopback.</summary>
public sealed class TelemetryTests : IDisposable
{
    private const string Task = "The tests fail. Find the cause and fix it.";
    private readonly TinyCoderRepository _repository = new();
    private readonly AgentRt _agentrt;

    public TelemetryTests() => _agentrt = new() { ExtraPath = _repository.Programs };

    public void Dispose()
    {
        _agentrt.Dispose();
        _repository.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_run_is_exported_with_its_texts_only_when_asked(bool contents)
    {
        using var collector = new OtlpCollector();
        var result = await RunAsync(["--otlp", collector.Address, .. contents ? ["--otlp-contents"] : Array.Empty<string>()]);
        Assert.Equal(0, result.ExitCode);
        var traces = collector.Sent("/v1/traces");
        foreach (var name in new[] { "agentrt", "invoke_agent", "chat ", "execute_tool edit_file", "gen_ai.usage.cache_read.input_tokens" })
            Assert.Contains(name, traces, StringComparison.Ordinal);
        Assert.Equal(contents, traces.Contains(Task, StringComparison.Ordinal));
        Assert.Equal(contents, traces.Contains("public static", StringComparison.Ordinal));
        foreach (var name in new[] { "gen_ai.client.token.usage", "gen_ai.client.operation.duration", "agentruntime.engine.tokens.cached" })
            Assert.Contains(name, collector.Sent("/v1/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_collector_that_is_not_there_costs_the_run_nothing()
    {
        using var closed = new OtlpCollector();
        var address = closed.Address;
        closed.Dispose();
        Assert.Equal(0, (await RunAsync("--otlp", address)).ExitCode);
    }

    private Task<AgentRtResult> RunAsync(params string[] more) =>
        _agentrt.RunAsync(["run", "--repo", _repository.Folder, "--approval", "auto", "--sandbox", "off", "--json", .. more, Task]);
}
