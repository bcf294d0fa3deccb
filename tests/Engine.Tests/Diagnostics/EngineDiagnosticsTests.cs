using System.Diagnostics.Metrics;
using AgentRuntime.Engine.Diagnostics;
using AgentRuntime.Engine.Tests.Fakes;

namespace AgentRuntime.Engine.Tests.Diagnostics;

public class EngineDiagnosticsTests
{
    // Unique to this test: the meter is the process's, and other tests run beside this one.
    private const string Operation = "diagnostics_test";

    [Fact]
    public async Task A_generation_is_measured_by_the_conventions()
    {
        List<(string Name, double Value, string? Error)> measured = [];
        using var listener = Listen((name, value, tags) =>
        {
            if ((string?)tags.GetValueOrDefault("gen_ai.operation.name") != Operation) return;
            Assert.Equal(("agentruntime", "fake"), (tags["gen_ai.provider.name"], tags["gen_ai.request.model"]));
            measured.Add((name, value, (string?)tags.GetValueOrDefault("error.type")));
        });
        using var test = new TestEngine();
        var usage = test.Generate(test.Session(1, 2, 3), new() { MaxTokens = 4, IgnoreEos = true, Operation = Operation })[^1].Usage!;
        Assert.Equal(["gen_ai.server.time_to_first_token", "gen_ai.server.time_per_output_token", "gen_ai.server.request.duration"], measured.Select(m => m.Name));
        Assert.Equal((usage.TimeToFirstToken.TotalSeconds, usage.DecodeTime.TotalSeconds / 3), (measured[0].Value, measured[1].Value));
        Assert.All(measured, m => Assert.Null(m.Error));

        measured.Clear();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        test.Run(TestEngine.Collect(test.Session(1, 2, 3), new() { Operation = Operation }, cancelled.Token));
        test.Runner.BeforePass = () => throw new InvalidOperationException("broken");
        Assert.Throws<ComputeException>(() => test.Generate(test.Session(7, 8, 9), new() { Operation = Operation }));
        Assert.Equal([("gen_ai.server.request.duration", "cancelled"), ("gen_ai.server.request.duration", "ComputeException")], measured.Select(m => (m.Name, m.Error)));
    }

    [Fact]
    public void Blocks_and_queue_are_observed_while_the_engine_lives()
    {
        Dictionary<string, double> observed = [];
        using var listener = Listen((name, value, tags) =>
        {
            if (name.StartsWith("agentruntime.engine.", StringComparison.Ordinal) && tags.TryGetValue("state", out var state) && (string?)tags["gen_ai.request.model"] == "fake observed")
                observed[$"{name} {state}"] = value;
        });
        using (var test = new TestEngine(blocks: 8, model: FakeModel.Config with { Name = "fake observed" }))
        {
            using var session = test.Session(TestEngine.Tokens(1, 40));
            test.Generate(session, new() { MaxTokens = 2, IgnoreEos = true });
            listener.RecordObservableInstruments();
            var statistics = test.Engine.Statistics;
            Assert.Equal(statistics.KvBlocks, observed.Where(o => o.Key.Contains("kv.blocks", StringComparison.Ordinal)).Sum(o => o.Value));
            Assert.Equal(2, observed["agentruntime.engine.kv.blocks used"]);
            Assert.Equal((0, 0), (observed["agentruntime.engine.requests running"], observed["agentruntime.engine.requests waiting"]));
        }
        observed.Clear();
        listener.RecordObservableInstruments();
        Assert.Empty(observed);
    }

    [Fact]
    public void Blocks_that_move_to_host_memory_and_back_are_counted()
    {
        Dictionary<string, double> observed = [];
        var moved = new Dictionary<string, double>();
        using var listener = Listen((name, value, tags) =>
        {
            if (name == "agentruntime.engine.kv.host_blocks" && (string?)tags["gen_ai.request.model"] == "fake offload") observed[(string)tags["state"]!] = value;
            // The counters are the process's: other tests may add to them.
            if (tags.TryGetValue("direction", out var direction)) lock (moved) moved[$"{name} {direction}"] = moved.GetValueOrDefault($"{name} {direction}") + value;
        });
        using var test = new TestEngine(blocks: 8, model: FakeModel.Config with { Name = "fake offload" }, hostSlots: 10);
        foreach (var seed in new[] { 1, 2, 1 })
        {
            using var session = test.Session(TestEngine.Tokens(seed, 200));
            test.Generate(session, new() { MaxTokens = 2, IgnoreEos = true });
        }
        listener.RecordObservableInstruments();
        var statistics = test.Engine.Statistics;
        Assert.Equal((statistics.KvHostBlocksUsed, statistics.KvHostBlocks - statistics.KvHostBlocksUsed), (observed["used"], observed["free"]));
        Assert.True(test.Runner.Restored > 0);
        lock (moved)
        {
            Assert.True(moved["agentruntime.engine.kv.moved offload"] >= test.Runner.Offloaded);
            Assert.True(moved["agentruntime.engine.kv.moved restore"] >= test.Runner.Restored);
            Assert.True(moved["agentruntime.engine.kv.moved.size restore"] >= test.Runner.Restored * test.Runner.BlockBytes);
        }
    }

    private static MeterListener Listen(Action<string, double, Dictionary<string, object?>> measured)
    {
        var listener = new MeterListener { InstrumentPublished = (instrument, l) => { if (instrument.Meter.Name == EngineDiagnostics.Name) l.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<double>((i, value, tags, _) => measured(i.Name, value, new(tags.ToArray())));
        listener.SetMeasurementEventCallback<long>((i, value, tags, _) => measured(i.Name, value, new(tags.ToArray())));
        listener.Start();
        return listener;
    }
}
