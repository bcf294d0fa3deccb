using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace AgentRuntime.AgentHost.Diagnostics;

/// <summary>
/// The agent loop's activity source and meter, by OpenTelemetry's conventions for generative AI: spans
/// <c>invoke_agent</c>, <c>chat</c> and <c>execute_tool</c>, and the client metrics. Both cost next to nothing while nobody
/// listens. Texts are recorded only where <see cref="AgentOptions.RecordContents"/> says so.
/// </summary>
public static class AgentDiagnostics
{
    /// <summary>The name of the activity source and of the meter.</summary>
    public const string Name = "AgentRuntime.AgentHost";

    private static readonly Meter Meter = new(Name);

    internal static ActivitySource Activities { get; } = new(Name);

    /// <summary>Tokens that a reply read and wrote; tag <c>gen_ai.token.type</c> is input or output.</summary>
    internal static Histogram<long> TokenUsage { get; } = Meter.CreateHistogram(
        "gen_ai.client.token.usage", "{token}", "Tokens that a reply read and wrote.",
        advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576] });

    /// <summary>How long a run, a reply or a tool call took.</summary>
    internal static Histogram<double> OperationDuration { get; } = Meter.CreateHistogram(
        "gen_ai.client.operation.duration", "s", "Duration of runs, replies and tool calls.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92] });
}
