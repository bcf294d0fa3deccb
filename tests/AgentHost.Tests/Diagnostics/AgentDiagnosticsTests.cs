using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using AgentRuntime.AgentHost.Diagnostics;
using static AgentRuntime.AgentHost.Tests.ScriptedConversation;

namespace AgentRuntime.AgentHost.Tests.Diagnostics;

/// <summary>What the loop reports to whoever listens.</summary>
public sealed class AgentDiagnosticsTests : IDisposable
{
    private readonly AgentFixture _fixture = new();
    // Tests beside this one run agents too, so everything is looked at by its trace.
    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly ConcurrentQueue<(ActivityTraceId Trace, string Name, double Value, Dictionary<string, object?> Tags)> _measurements = new();
    private readonly ActivityListener _activities;
    private readonly MeterListener _meters;

    public AgentDiagnosticsTests()
    {
        _activities = new()
        {
            ShouldListenTo = source => source.Name == AgentDiagnostics.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_activities);
        _meters = new() { InstrumentPublished = (instrument, listener) => { if (instrument.Meter.Name == AgentDiagnostics.Name) listener.EnableMeasurementEvents(instrument); } };
        _meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Measured(instrument, value, tags));
        _meters.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Measured(instrument, value, tags));
        _meters.Start();
    }

    public void Dispose()
    {
        _activities.Dispose();
        _meters.Dispose();
        _fixture.Dispose();
    }

    [Fact]
    public async Task A_run_its_replies_and_its_calls_are_spans_without_their_texts()
    {
        var (run, spans) = await RunAsync(false);
        Assert.Equal(["invoke_agent", "chat scripted", "execute_tool read_file", "chat scripted"], spans.Select(s => s.DisplayName));
        Assert.All(spans.Skip(1), s => Assert.Equal(spans[0].SpanId, s.ParentSpanId));
        Assert.Equal(("agentruntime", "scripted", run), (Tag(spans[0], "gen_ai.provider.name"), Tag(spans[0], "gen_ai.request.model"), Tag(spans[0], "gen_ai.conversation.id")));
        Assert.Equal((10, 3, 8), (Tag(spans[1], "gen_ai.usage.input_tokens"), Tag(spans[1], "gen_ai.usage.output_tokens"), Tag(spans[1], "gen_ai.usage.cache_read.input_tokens")));
        Assert.Equal(["tool_calls"], (string[])Tag(spans[1], "gen_ai.response.finish_reasons")!);
        Assert.Equal(["stop"], (string[])Tag(spans[3], "gen_ai.response.finish_reasons")!);
        Assert.Equal(("call0", "not_found", ActivityStatusCode.Error), (Tag(spans[2], "gen_ai.tool.call.id"), Tag(spans[2], "error.type"), spans[2].Status));

        var everything = string.Join('\n', spans.SelectMany(s => s.TagObjects).Select(t => t.Value));
        Assert.DoesNotContain("secret", everything, StringComparison.Ordinal);
        Assert.DoesNotContain("do it", everything, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Texts_are_recorded_when_asked_for()
    {
        var (_, spans) = await RunAsync(true);
        Assert.Equal("""[{"role":"user","parts":[{"type":"text","content":"do it"}]}]""", Tag(spans[0], "gen_ai.input.messages"));
        Assert.Equal("""[{"role":"assistant","parts":[{"type":"text","content":"The secret answer."}]}]""", Tag(spans[0], "gen_ai.output.messages"));
        Assert.Equal("""[{"role":"assistant","parts":[{"type":"tool_call","id":"call0","name":"read_file","arguments":{"path":"secret.txt"}}]}]""", Tag(spans[1], "gen_ai.output.messages"));
        Assert.Equal("""{"path":"secret.txt"}""", Tag(spans[2], "gen_ai.tool.call.arguments"));
        Assert.Contains("secret.txt", (string)Tag(spans[2], "gen_ai.tool.call.result")!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_and_durations_are_measured()
    {
        var (_, spans) = await RunAsync(false);
        var own = _measurements.Where(m => m.Trace == spans[0].TraceId).ToList();
        Assert.Equal([10, 3, 10, 3], own.Where(m => m.Name == "gen_ai.client.token.usage").Select(m => m.Value));
        Assert.Equal(["input", "output", "input", "output"], own.Where(m => m.Name == "gen_ai.client.token.usage").Select(m => m.Tags["gen_ai.token.type"]));
        var durations = own.Where(m => m.Name == "gen_ai.client.operation.duration").ToList();
        Assert.Equal(["chat", "execute_tool", "chat", "invoke_agent"], durations.Select(m => m.Tags["gen_ai.operation.name"]));
        Assert.Equal("not_found", durations[1].Tags["error.type"]);
        Assert.All(durations, m => Assert.InRange(m.Value, 0, 60));
    }

    [Fact]
    public async Task A_run_that_fails_says_so()
    {
        _fixture.Options = new() { MaxSteps = 1 };
        var (_, spans) = await RunAsync(false);
        Assert.Equal(("step_limit", ActivityStatusCode.Error), (Tag(spans[0], "error.type"), spans[0].Status));
        Assert.Equal(3, spans.Count);
    }

    private async Task<(string Run, List<Activity> Spans)> RunAsync(bool contents)
    {
        _fixture.Options = _fixture.Options with { RecordContents = contents };
        var result = await _fixture.RunAsync(new ScriptedConversation(Call("read_file", ("path", "secret.txt")), Text("The secret answer.")));
        var root = _spans.Single(s => (string?)Tag(s, "gen_ai.conversation.id") == result.Run && s.OperationName == "invoke_agent");
        return (result.Run, [.. _spans.Where(s => s.TraceId == root.TraceId).OrderBy(s => s.StartTimeUtc).ThenBy(s => s.Parent is null ? 0 : 1)]);
    }

    private static object? Tag(Activity activity, string name) => activity.GetTagItem(name);

    private void Measured(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (Activity.Current is { } current) _measurements.Enqueue((current.TraceId, instrument.Name, value, tags.ToArray().ToDictionary(t => t.Key, t => t.Value)));
    }
}
