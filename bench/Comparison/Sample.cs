namespace AgentRuntime.Comparison;

/// <summary>A measurement, and how quiet the machine was.</summary>
/// <param name="Value">What was measured.</param>
/// <param name="OtherCores">Cores that other programs kept busy meanwhile, on average.</param>
public readonly record struct Sample(double Value, double OtherCores)
{
    /// <summary>How many cores others may use in a quiet measurement.</summary>
    public const double QuietCores = 0.15;

    /// <summary>
    /// Whether it says anything about speed: threads that wait for each other lose far more than the share of a core that is
    /// taken away, and not all engines equally.
    /// </summary>
    public bool Quiet => OtherCores <= QuietCores;
}
