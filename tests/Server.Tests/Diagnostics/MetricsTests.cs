using System.Globalization;

namespace AgentRuntime.Server.Tests.Diagnostics;

public sealed class MetricsTests
{
    private static readonly object Hello = new { model = TestServer.Model, messages = new[] { new { role = "user", content = "Some words to begin with, so that there is a block. say:one two" } } };

    [Fact]
    public async Task Metrics_are_there_for_Prometheus()
    {
        await using var server = await TestServer.StartAsync();
        await server.AskAsync("/v1/chat/completions", Hello);
        await server.AskAsync("/v1/chat/completions", Hello);
        var text = await server.Http.GetStringAsync("/metrics");
        // The meters are the process's, and other tests run beside this one: at least what this one did is counted.
        Assert.True(Value(text, "gen_ai_server_time_to_first_token_seconds_count", "gen_ai_operation_name=\"chat\"") >= 2);
        Assert.True(Value(text, "gen_ai_server_time_per_output_token_seconds_count", "gen_ai_request_model=\"scripted\"") >= 2);
        Assert.True(Value(text, "gen_ai_server_request_duration_seconds_count", "gen_ai_provider_name=\"agentruntime\"") >= 2);
        Assert.True(Value(text, "agentruntime_server_overhead_seconds_count", "phase=\"request\"") >= 2);
        Assert.True(Value(text, "agentruntime_server_overhead_seconds_count", "phase=\"deliver\"") >= 2);
        Assert.True(Value(text, "agentruntime_engine_tokens_cached_total", "") >= 32);
        Assert.True(Value(text, "agentruntime_engine_kv_blocks", "state=\"cached\"") >= 1);
        Assert.True(Value(text, "agentruntime_engine_kv_blocks", "state=\"free\"") >= 1);
        Assert.True(Value(text, "agentruntime_engine_requests", "state=\"waiting\"") >= 0);
        Assert.True(Value(text, "http_server_request_duration_seconds_count", "/v1/chat/completions") >= 2);
        Assert.DoesNotContain("Some words", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_need_the_key_too()
    {
        await using var server = await TestServer.StartAsync(o => o with { ApiKey = "k" });
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, (await server.Http.GetAsync("/metrics")).StatusCode);
    }

    private static double Value(string text, string name, string label)
    {
        var line = text.Split('\n').FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal) && l.Contains(label, StringComparison.Ordinal));
        Assert.True(line is not null, $"{name} with {label} is missing in:\n{text}");
        return double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0], CultureInfo.InvariantCulture);
    }
}
