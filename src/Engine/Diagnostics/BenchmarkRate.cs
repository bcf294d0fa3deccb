namespace AgentRuntime.Engine.Diagnostics;

/// <summary>Tokens per second over the repetitions of a test.</summary>
/// <param name="Median">The median.</param>
/// <param name="Min">The slowest run.</param>
/// <param name="Max">The fastest run.</param>
public readonly record struct BenchmarkRate(double Median, double Min, double Max)
{
    /// <summary>Sums up measured rates, of which there is at least one.</summary>
    public static BenchmarkRate Of(IEnumerable<double> rates)
    {
        var sorted = rates.Order().ToArray();
        var middle = sorted.Length / 2;
        var median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new(median, sorted[0], sorted[^1]);
    }
}
