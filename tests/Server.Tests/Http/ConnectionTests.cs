using System.Net;
using System.Net.Http.Json;
using AgentRuntime.Engine.Backends.Cuda.Driver;

namespace AgentRuntime.Server.Tests.Http;

/// <summary>Too many requests, clients that leave, a server that is stopped.</summary>
public sealed class ConnectionTests
{
    private static readonly object Endless = new { model = TestServer.Model, stream = true, max_tokens = 4000, messages = new[] { new { role = "user", content = "on and on" } } };

    [Fact]
    public async Task Requests_above_the_limit_are_told_to_come_back()
    {
        await using var server = await TestServer.StartAsync(o => o with { MaxConcurrentRequests = 2 });
        using var one = await OpenAsync(server);
        using var two = await OpenAsync(server);
        using var three = await server.PostAsync("/v1/chat/completions", Endless);
        Assert.Equal((HttpStatusCode.TooManyRequests, TimeSpan.FromSeconds(1)), (three.StatusCode, three.Headers.RetryAfter?.Delta));
        // Nothing else is held up.
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync("/health")).StatusCode);
        one.Dispose();
        two.Dispose();
        await server.IdleAsync();
        Assert.Equal("x", (await server.AskAsync("/v1/completions", new { model = TestServer.Model, prompt = "say:x|" })).GetProperty("choices")[0].GetProperty("text").GetString());
    }

    [Fact]
    public async Task An_engine_that_is_full_answers_429_too()
    {
        await using var server = await TestServer.StartAsync(engineOptions: new() { MaxRunning = 1, MaxSessionsQueued = 0 });
        using var one = await OpenAsync(server);
        using var two = await server.PostAsync("/v1/chat/completions", Endless);
        Assert.Equal(HttpStatusCode.TooManyRequests, two.StatusCode);
        Assert.True(two.Headers.RetryAfter?.Delta >= TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task A_client_that_leaves_frees_its_work_at_once()
    {
        await using var server = await TestServer.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            var response = await OpenAsync(server);
            Assert.Equal(1, server.Statistics.Running);
            response.Dispose();
            await server.IdleAsync();
        }
        // While the prompt is computed, before there is an answer.
        server.Script.Gate.Reset();
        using var leave = new CancellationTokenSource();
        var asked = server.Http.PostAsJsonAsync("/v1/chat/completions", Endless, leave.Token);
        while (server.Statistics.Running == 0) await Task.Yield();
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        server.Script.Gate.Set();
        await server.IdleAsync();
    }

    [Fact]
    public async Task A_waiting_stream_gets_comments()
    {
        await using var server = await TestServer.StartAsync(o => o with { KeepAlive = TimeSpan.FromMilliseconds(20) });
        server.Script.Gate.Reset();
        using var response = await OpenAsync(server);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.StartsWith(":", await reader.ReadLineAsync(), StringComparison.Ordinal);
        Assert.Equal("", await reader.ReadLineAsync());
        server.Script.Gate.Set();
        string? line;
        do line = await reader.ReadLineAsync();
        while (line is not null && !line.StartsWith("data: ", StringComparison.Ordinal));
        Assert.Contains("assistant", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Comments_tell_how_far_a_long_prompt_is()
    {
        await using var server = await TestServer.StartAsync(o => o with { KeepAlive = TimeSpan.FromMilliseconds(10) }, new() { PrefillChunk = 16 });
        var passes = 0;
        server.Script.BeforePass = () =>
        {
            if (++passes == 4) server.Script.Gate.Reset();
        };
        using var response = await OpenAsync(server, new { model = TestServer.Model, stream = true, messages = new[] { new { role = "user", content = new string('x', 400) + " say:done" } } });
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        string? line;
        do line = await reader.ReadLineAsync();
        while (line is not null && !line.StartsWith(": prompt 64/", StringComparison.Ordinal));
        Assert.EndsWith(" tokens", line, StringComparison.Ordinal);
        server.Script.Gate.Set();
        Assert.EndsWith("data: [DONE]\n\n", await reader.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failure_of_the_engine_is_told_without_internals_before_and_in_a_stream()
    {
        await using var server = await TestServer.StartAsync();
        server.Script.BeforePass = () => throw new InvalidOperationException("secret internals");
        using var failed = await server.PostAsync("/v1/chat/completions", Endless);
        var text = await failed.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.InternalServerError, failed.StatusCode);
        Assert.Contains("internal_error", text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
        Assert.Contains(server.Log, line => line.Contains("secret internals", StringComparison.Ordinal));

        foreach (var (path, body, last) in ((string, object, string)[])[
            ("/v1/chat/completions", Endless, "{\"error\":{"),
            ("/v1/completions", new { model = TestServer.Model, prompt = "on and on", max_tokens = 100, stream = true }, "{\"error\":{"),
            ("/v1/responses", new { model = TestServer.Model, input = "on and on", stream = true }, "event: response.failed\n")])
        {
            var passes = 0;
            server.Script.BeforePass = () => { if (++passes == 5) throw new InvalidOperationException("secret internals"); };
            var events = await server.StreamAsync(path, body);
            Assert.True(events.Count > 2);
            Assert.StartsWith(last, events[^1], StringComparison.Ordinal);
            Assert.DoesNotContain("secret", events[^1], StringComparison.Ordinal);
        }
        server.Script.BeforePass = null;
        await server.AskAsync("/v1/completions", new { model = TestServer.Model, prompt = "say:x|" });
    }

    [Fact]
    public async Task A_GPU_that_fails_is_the_servers_error_and_shows_in_its_health()
    {
        await using var server = await TestServer.StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await server.Http.GetAsync("/health")).StatusCode);
        server.Script.BeforePass = () => throw new CudaException("The CUDA driver could not launch a kernel.", 719);
        for (var i = 0; i < 2; i++)
        {
            using var failed = await server.PostAsync("/v1/chat/completions", Endless);
            Assert.Equal(HttpStatusCode.InternalServerError, failed.StatusCode);
        }
        Assert.Contains(server.Log, line => line.Contains("could not launch a kernel", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.Http.GetAsync("/health")).StatusCode);
    }

    [Fact]
    public async Task A_stopped_server_lets_running_requests_end()
    {
        await using var server = await TestServer.StartAsync();
        server.Script.Gate.Reset();
        var running = server.AskAsync("/v1/completions", new { model = TestServer.Model, prompt = "say:to the end|" });
        while (server.Statistics.Running == 0) await Task.Yield();
        var stopped = server.Server.StopAsync();
        await Assert.ThrowsAnyAsync<HttpRequestException>(async () =>
        {
            using var other = new HttpClient { BaseAddress = server.Server.Address };
            while (true) await other.GetAsync("/health");
        });
        Assert.False(stopped.IsCompleted);
        server.Script.Gate.Set();
        Assert.Equal("to the end", (await running).GetProperty("choices")[0].GetProperty("text").GetString());
        await stopped;
    }

    [Fact]
    public async Task A_stopped_server_ends_what_does_not_end()
    {
        await using var server = await TestServer.StartAsync(o => o with { DrainTime = TimeSpan.FromMilliseconds(50) });
        using var response = await OpenAsync(server);
        await server.Server.StopAsync();
        await server.IdleAsync();
    }

    private static async Task<HttpResponseMessage> OpenAsync(TestServer server, object? body = null)
    {
        var response = await server.Http.SendAsync(new(HttpMethod.Post, "/v1/chat/completions") { Content = JsonContent.Create(body ?? Endless) }, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return response;
    }
}
