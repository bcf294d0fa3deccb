using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using AgentRuntime.Cli.Tests.Hosting;

namespace AgentRuntime.Cli.Tests.Commands;

/// <summary><c>agentrt serve</c> as a process: it starts, answers, and ends as it is told.</summary>
public sealed class ServeCommandTests : IDisposable
{
    private readonly AgentRt _agentrt = new();
    private readonly HttpClient _http = new();

    public void Dispose()
    {
        _http.Dispose();
        _agentrt.Dispose();
    }

    [Fact]
    public async Task After_SIGTERM_it_finishes_what_runs_and_exports_what_was_measured()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "signals are sent with kill");
        using var collector = new OtlpCollector();
        using var server = await StartAsync("--otlp", collector.Address);
        using var response = await _http.SendAsync(
            new(HttpMethod.Post, "/v1/completions") { Content = JsonContent.Create(new { model = "tiny-coder", prompt = "The tests fail.", max_tokens = 1500, ignore_eos = true, stream = true }) },
            HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.StartsWith("data: {", await reader.ReadLineAsync(), StringComparison.Ordinal);
        await SignalAsync(server, "TERM");
        var rest = await reader.ReadToEndAsync();
        Assert.EndsWith("data: [DONE]\n\n", rest, StringComparison.Ordinal);
        Assert.Equal(0, await ExitAsync(server));
        Assert.Contains("POST /v1/completions 200", await server.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
        foreach (var name in new[] { "gen_ai.server.time_to_first_token", "gen_ai.server.request.duration", "agentruntime.server.overhead", "agentruntime.engine.kv.blocks" })
            Assert.Contains(name, collector.Sent("/v1/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_ends_it_at_once()
    {
        AgentRt.SkipUnlessInterruptsArrive();
        using var server = await StartAsync("--name", "coder", "--quiet");
        Assert.Equal("coder", (await _http.GetFromJsonAsync<JsonElement>("/v1/models")).GetProperty("data")[0].GetProperty("id").GetString());
        await SignalAsync(server, "INT");
        Assert.Equal(130, await ExitAsync(server));
        Assert.DoesNotContain("GET", await server.StandardError.ReadToEndAsync(), StringComparison.Ordinal);
    }

    private async Task<Process> StartAsync(params string[] more)
    {
        var server = _agentrt.Start(["serve", "--model", "tiny-coder", "--port", "0", "--json", .. more]);
        var line = await server.StandardOutput.ReadLineAsync();
        Assert.True(line is not null, line is null ? await server.StandardError.ReadToEndAsync() : "");
        _http.BaseAddress = new(JsonElement.Parse(line!).GetProperty("url").GetString()!);
        return server;
    }

    private static async Task SignalAsync(Process server, string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", server.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    private static async Task<int> ExitAsync(Process server)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await server.WaitForExitAsync(limit.Token);
        return server.ExitCode;
    }
}
