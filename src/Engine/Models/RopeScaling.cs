namespace AgentRuntime.Engine.Models;

/// <summary>Parameters of rope scaling. Llama 3's frequency factors are a tensor (<c>rope_freqs.weight</c>), not part of this.</summary>
/// <param name="Kind">The method.</param>
/// <param name="Factor">The factor by which the context is stretched, above 0.</param>
/// <param name="OriginalContext">Context length before stretching, in tokens (YaRN).</param>
/// <param name="AttentionFactor">Multiplier on the attention magnitude (YaRN), 1 when absent.</param>
/// <param name="BetaFast">YaRN's upper bound of rotations for interpolation, usually 32.</param>
/// <param name="BetaSlow">YaRN's lower bound, usually 1.</param>
public sealed record RopeScaling(
    RopeScalingKind Kind, float Factor = 1, int OriginalContext = 0, float AttentionFactor = 1, float BetaFast = 32, float BetaSlow = 1)
{
    /// <summary>No scaling.</summary>
    public static RopeScaling None { get; } = new(RopeScalingKind.None);
}
