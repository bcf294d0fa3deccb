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

    /// <summary>Duration of passes.</summary>
    internal static Histogram<double> StepDuration { get; } = Meter.CreateHistogram<double>("agentruntime.engine.step.duration", "s");

    /// <summary>Sequences per pass.</summary>
    internal static Histogram<int> StepSequences { get; } = Meter.CreateHistogram<int>("agentruntime.engine.step.sequences", "{sequence}");

    /// <summary>Notes what a generation cost, by OpenTelemetry's names where there are some.</summary>
    internal static void Describe(Activity? activity, Usage usage) => activity?
        .SetTag("gen_ai.usage.input_tokens", usage.PromptTokens)
        .SetTag("gen_ai.usage.output_tokens", usage.OutputTokens)
        .SetTag("agentruntime.engine.cached_tokens", usage.CachedTokens)
        .SetTag("agentruntime.engine.forced_tokens", usage.ForcedTokens)
        .SetTag("agentruntime.engine.time_to_first_token_ms", usage.TimeToFirstToken.TotalMilliseconds);
}
