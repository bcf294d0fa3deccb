using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.Engine.Diagnostics;

/// <summary>The engine's meter and activity source. Both cost next to nothing while nobody listens.</summary>
public static class EngineDiagnostics
{
    /// <summary>The name of the meter and of the activity source.</summary>
    public const string Name = "AgentRuntime.Engine";

    private static readonly Meter Meter = new(Name);

    internal static ActivitySource Activities { get; } = new(Name);

    /// <summary>Tokens that went through the model.</summary>
    internal static Counter<long> ComputedTokens { get; } = Meter.CreateCounter<long>("agentruntime.engine.tokens.computed", "{token}");

    /// <summary>Prompt tokens served from resident KV blocks.</summary>
    internal static Counter<long> CachedTokens { get; } = Meter.CreateCounter<long>("agentruntime.engine.tokens.cached", "{token}");

    /// <summary>KV blocks that moved between a device and host memory, by <c>direction</c>: offload or restore.</summary>
    internal static Counter<long> KvBlocksMoved { get; } = Meter.CreateCounter<long>(
        "agentruntime.engine.kv.moved", "{block}", "KV blocks that a device moved to host memory and back.");

    /// <summary>Their bytes.</summary>
    internal static Counter<long> KvBytesMoved { get; } = Meter.CreateCounter<long>(
        "agentruntime.engine.kv.moved.size", "By", "Bytes of KV blocks that a device moved to host memory and back.");

    /// <summary>Duration of passes.</summary>
    internal static Histogram<double> StepDuration { get; } = Meter.CreateHistogram<double>("agentruntime.engine.step.duration", "s");

    /// <summary>Sequences per pass.</summary>
    internal static Histogram<int> StepSequences { get; } = Meter.CreateHistogram<int>("agentruntime.engine.step.sequences", "{sequence}");

    /// <summary>From the request to its first token.</summary>
    private static readonly Histogram<double> TimeToFirstToken = Meter.CreateHistogram(
        "gen_ai.server.time_to_first_token", "s", "Time from a request to its first token.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60] });

    /// <summary>Mean time between tokens after the first.</summary>
    private static readonly Histogram<double> TimePerOutputToken = Meter.CreateHistogram(
        "gen_ai.server.time_per_output_token", "s", "Mean time per token after the first.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5] });

    /// <summary>Duration of generations.</summary>
    private static readonly Histogram<double> RequestDuration = Meter.CreateHistogram(
        "gen_ai.server.request.duration", "s", "Time from a request to its end.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92] });

    /// <summary>The engines whose state is observed.</summary>
    private static readonly ConcurrentDictionary<InferenceEngine, string> Engines = new();

    static EngineDiagnostics()
    {
        Meter.CreateObservableUpDownCounter("agentruntime.engine.kv.blocks", () => Observe(
            ("used", s => s.KvBlocks - s.KvBlocksFree - s.KvBlocksCached), ("cached", s => s.KvBlocksCached), ("free", s => s.KvBlocksFree)),
            "{block}", "KV blocks that sessions hold, that only the prefix cache holds, and that are free.");
        Meter.CreateObservableUpDownCounter("agentruntime.engine.kv.host_blocks", () => Observe(
            ("used", s => s.KvHostBlocksUsed), ("free", s => s.KvHostBlocks - s.KvHostBlocksUsed)),
            "{block}", "KV blocks that a device moved to host memory, and those that there is room for.");
        Meter.CreateObservableUpDownCounter("agentruntime.engine.requests", () => Observe(("running", s => s.Running), ("waiting", s => s.Waiting)),
            "{request}", "Requests being computed and requests in the queue.");
    }

    /// <summary>Observes an engine's KV blocks and queue from now on.</summary>
    internal static void Watch(InferenceEngine engine) => Engines[engine] = engine.Model.Name;

    /// <summary>Observes it no longer.</summary>
    internal static void Unwatch(InferenceEngine engine) => Engines.TryRemove(engine, out _);

    /// <summary>Notes the end of a generation.</summary>
    /// <param name="operation">What the caller did, <c>gen_ai.operation.name</c>.</param>
    /// <param name="model">The model's name.</param>
    /// <param name="duration">From the request to its end.</param>
    /// <param name="usage">What it cost; null when it failed.</param>
    /// <param name="error">What went wrong, from a small set of names; null when nothing did.</param>
    internal static void RecordEnd(string operation, string model, TimeSpan duration, Usage? usage, string? error)
    {
        TagList tags = new() { { "gen_ai.operation.name", operation }, { "gen_ai.provider.name", "agentruntime" }, { "gen_ai.request.model", model } };
        if (usage is { OutputTokens: > 0 }) TimeToFirstToken.Record(usage.TimeToFirstToken.TotalSeconds, tags);
        if (usage is { OutputTokens: > 1 }) TimePerOutputToken.Record(usage.DecodeTime.TotalSeconds / (usage.OutputTokens - 1), tags);
        if (error is not null) tags.Add("error.type", error);
        RequestDuration.Record(duration.TotalSeconds, tags);
    }

    /// <summary>Notes what a generation cost, by OpenTelemetry's names where there are some.</summary>
    internal static void Describe(Activity? activity, Usage usage) => activity?
        .SetTag("gen_ai.usage.input_tokens", usage.PromptTokens)
        .SetTag("gen_ai.usage.output_tokens", usage.OutputTokens)
        .SetTag("agentruntime.engine.cached_tokens", usage.CachedTokens)
        .SetTag("agentruntime.engine.forced_tokens", usage.ForcedTokens)
        .SetTag("agentruntime.engine.time_to_first_token_ms", usage.TimeToFirstToken.TotalMilliseconds);

    // Engines of one model count together.
    private static IEnumerable<Measurement<long>> Observe(params (string State, Func<EngineStatistics, long> Count)[] states) =>
        from model in Engines.GroupBy(engine => engine.Value, engine => engine.Key.Statistics)
        from state in states
        select new Measurement<long>(model.Sum(state.Count), new("gen_ai.request.model", model.Key), new KeyValuePair<string, object?>("state", state.State));
}
