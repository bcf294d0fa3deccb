using System.Diagnostics.Metrics;

namespace AgentRuntime.Server.Diagnostics;

/// <summary>The server's meter. What the engine does is in the engine's.</summary>
public static class ServerDiagnostics
{
    /// <summary>The name of the meter.</summary>
    public const string Name = "AgentRuntime.Server";

    private static readonly Meter Meter = new(Name);

    /// <summary>
    /// What the server itself adds. Tag <c>phase</c>: <c>request</c>, from a request's body being there until the engine has it; <c>deliver</c>,
    /// from an event leaving the engine until it is with the operating system. Waiting for a client that reads slowly is left out.
    /// </summary>
    internal static Histogram<double> Overhead { get; } = Meter.CreateHistogram(
        "agentruntime.server.overhead", "s", "Time that the server adds to the engine's.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1] });
}
