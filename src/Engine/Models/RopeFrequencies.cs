namespace AgentRuntime.Engine.Models;

/// <summary>
/// Frequencies of rotary position embedding (arXiv 2104.09864): pair i of a head turns by position · base^(-2i/n), with
/// the scaling that the model asks for.
/// </summary>
internal static class RopeFrequencies
{
    /// <summary>One frequency for each pair of dimensions.</summary>
    /// <param name="config">The model.</param>
    /// <param name="factors">Divisors of the frequencies, one a pair, or empty.</param>
    public static double[] Compute(ModelConfig config, ReadOnlySpan<float> factors)
    {
        var frequencies = new double[config.RopeDimensions / 2];
        var scaling = config.RopeScaling;
        for (var i = 0; i < frequencies.Length; i++)
        {
            var frequency = Math.Pow(config.RopeBase, -2.0 * i / config.RopeDimensions) / (factors.IsEmpty ? 1 : factors[i]);
            frequencies[i] = scaling.Kind switch
            {
                RopeScalingKind.Linear => frequency / scaling.Factor,
                RopeScalingKind.Yarn => Yarn(config, i, frequency),
                _ => frequency,
            };
        }
        return frequencies;
    }

    /// <summary>What sines and cosines are multiplied with.</summary>
    public static float Magnitude(ModelConfig config) =>
        config.RopeScaling is { Kind: RopeScalingKind.Yarn } scaling ? scaling.AttentionFactor * (1 + 0.1f * MathF.Log(scaling.Factor)) : 1;

    /// <summary>YaRN (arXiv 2309.00071): pairs that turn rarely over the original context are stretched, fast ones kept, a ramp between.</summary>
    private static double Yarn(ModelConfig config, int pair, double frequency)
    {
        var scaling = config.RopeScaling;
        double Dimension(double rotations) =>
            config.RopeDimensions * Math.Log(scaling.OriginalContext / (rotations * 2 * Math.PI)) / (2 * Math.Log(config.RopeBase));
        var low = Math.Max(0, Math.Floor(Dimension(scaling.BetaFast)));
        var high = Math.Min(config.RopeDimensions - 1, Math.Ceiling(Dimension(scaling.BetaSlow)));
        var keep = 1 - Math.Clamp((pair - low) / Math.Max(0.001, high - low), 0, 1);
        return frequency * keep + frequency / scaling.Factor * (1 - keep);
    }
}
