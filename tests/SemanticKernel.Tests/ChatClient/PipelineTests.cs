using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using AgentRuntime.Engine.Chat;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Logging;
using static AgentRuntime.SemanticKernel.Tests.ScriptedModel;

namespace AgentRuntime.SemanticKernel.Tests.ChatClient;

/// <summary>The engine's client under the middleware of Microsoft.Extensions.AI: caches, logs, telemetry.</summary>
public sealed class PipelineTests : IAsyncLifetime
{
    private ScriptedModel _model = null!;
    private EngineChatClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _model = await LoadAsync();
        _client = new(_model.Engine);
    }

    public ValueTask DisposeAsync() => _model.DisposeAsync();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_same_prompt_is_answered_from_a_cache(bool streaming)
    {
        using var cached = _client.AsBuilder().UseDistributedCache(new DictionaryCache()).Build();
        _model.Wants("one", "two");
        List<string> texts = [];
        foreach (var prompt in new[] { "Say", "Say", "Say more" })
        {
            texts.Add(streaming
                ? string.Concat(await cached.GetStreamingResponseAsync(prompt).Select(u => u.Text).ToListAsync())
                : (await cached.GetResponseAsync(prompt)).Text);
        }
        Assert.Equal(["one", "one", "two"], texts);
        Assert.Equal(0, _model.Left);
    }

    [Fact]
    public async Task Without_a_cache_each_request_is_computed()
    {
        _model.Wants("one", "two");
        Assert.NotEqual((await _client.GetResponseAsync("Say")).Text, (await _client.GetResponseAsync("Say")).Text);
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public async Task A_cache_before_or_after_function_invocation(bool before, int calls)
    {
        var count = 0;
        var builder = _client.AsBuilder();
        if (before) builder.UseDistributedCache(new DictionaryCache()).UseFunctionInvocation();
        else builder.UseFunctionInvocation().UseDistributedCache(new DictionaryCache());
        using var client = builder.Build();
        var options = new ChatOptions { Tools = [AIFunctionFactory.Create(() => { count++; return 9; }, "Roll")] };
        _model.Wants(Call("Roll"), "Nine.");
        Assert.Equal("Nine.", (await client.GetResponseAsync("Roll", options)).Messages[^1].Text);
        // A cache behind the loop answers the first request of the second round; what goes on by conversation id is never cached.
        _model.Wants("Nine again.");
        Assert.Equal(before ? "Nine." : "Nine again.", (await client.GetResponseAsync("Roll", options)).Messages[^1].Text);
        Assert.Equal((calls, before ? 1 : 0), (count, _model.Left));
    }

    [Fact]
    public async Task Calls_are_logged()
    {
        var logger = new ListLogger();
        using var logged = new LoggingChatClient(_client, logger);
        _model.Wants("Yes.", "No.");
        await logged.GetResponseAsync("Log?");
        await logged.GetStreamingResponseAsync("Log?").ToListAsync();
        Assert.Contains(logger.Lines, l => l.Contains("GetResponseAsync completed", StringComparison.Ordinal) && l.Contains("Yes.", StringComparison.Ordinal));
        Assert.Contains(logger.Lines, l => l.Contains("GetStreamingResponseAsync completed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Spans_and_metrics_follow_the_conventions()
    {
        const string source = "pipeline-tests";
        ConcurrentQueue<Activity> spans = new();
        ConcurrentQueue<(string Name, object? Type)> measured = new();
        using var activities = new ActivityListener
        {
            ShouldListenTo = s => s.Name == source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(activities);
        using var meters = new MeterListener { InstrumentPublished = (i, l) => { if (i.Meter.Name == source) l.EnableMeasurementEvents(i); } };
        meters.SetMeasurementEventCallback<int>((i, _, tags, _) => Note(i, tags));
        meters.SetMeasurementEventCallback<long>((i, _, tags, _) => Note(i, tags));
        meters.SetMeasurementEventCallback<double>((i, _, tags, _) => Note(i, tags));
        meters.Start();

        using var client = _client.AsBuilder().UseFunctionInvocation().UseOpenTelemetry(sourceName: source).Build();
        _model.Wants(Call("Roll"), "The secret is nine.");
        await client.GetResponseAsync("Roll", new() { Tools = [AIFunctionFactory.Create(() => 9, "Roll")] });

        var chats = spans.Where(s => s.DisplayName.StartsWith("chat ", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, chats.Count);
        Assert.All(chats, s => Assert.Equal("agentruntime", s.GetTagItem("gen_ai.provider.name")));
        Assert.True(Convert.ToInt64(chats[1].GetTagItem("gen_ai.usage.cache_read.input_tokens")) > 0);
        Assert.Contains(spans, s => s.DisplayName == "execute_tool Roll");
        Assert.DoesNotContain(spans.SelectMany(s => s.TagObjects), t => t.Value?.ToString()?.Contains("secret", StringComparison.Ordinal) == true);
        Assert.Contains(measured, m => m is { Name: "gen_ai.client.token.usage", Type: "input" });
        Assert.Contains(measured, m => m is { Name: "gen_ai.client.token.usage", Type: "output" });
        Assert.Contains(measured, m => m.Name == "gen_ai.client.operation.duration");

        void Note(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            measured.Enqueue((instrument.Name, tags.ToArray().FirstOrDefault(t => t.Key == "gen_ai.token.type").Value));
    }

    private sealed class ListLogger : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Add(formatter(state, exception));
    }

    private sealed class DictionaryCache : IDistributedCache
    {
        private readonly ConcurrentDictionary<string, byte[]> _values = new();

        public byte[]? Get(string key) => _values.GetValueOrDefault(key);

        public Task<byte[]?> GetAsync(string key, CancellationToken token = default) => Task.FromResult(Get(key));

        public void Refresh(string key) { }

        public Task RefreshAsync(string key, CancellationToken token = default) => Task.CompletedTask;

        public void Remove(string key) => _values.TryRemove(key, out _);

        public Task RemoveAsync(string key, CancellationToken token = default)
        {
            Remove(key);
            return Task.CompletedTask;
        }

        public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => _values[key] = value;

        public Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
        {
            Set(key, value, options);
            return Task.CompletedTask;
        }
    }
}
