namespace AgentRuntime.Comparison;

/// <summary>One replay of agent steps.</summary>
/// <param name="Rows">The steps.</param>
/// <param name="PeakBytes">The process's largest resident set.</param>
/// <param name="OtherCores">Cores that others kept busy meanwhile.</param>
public sealed record StepsRun(IReadOnlyList<StepRow> Rows, long PeakBytes, double OtherCores)
{
    /// <summary>Seconds of all steps but the first, which is a plain prefill.</summary>
    public double SecondsAfterFirst => Rows.Skip(1).Sum(row => row.WallMs) / 1000;
}
