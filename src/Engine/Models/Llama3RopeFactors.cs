namespace AgentRuntime.Engine.Models;

/// <summary>
/// The divisors of rope's frequencies by which Llama 3.1 reaches its context: 1 for wavelengths that the original
/// context covers often, the factor for those that it hardly covers once, a smooth step between. In GGUF they are the
/// tensor <c>rope_freqs.weight</c>.
/// Source: the reference code of Llama 3.1 (https://github.com/meta-llama/llama-models, apply_scaling).
/// </summary>
internal static class Llama3RopeFactors
{
    /// <summary>One divisor for each pair of dimensions.</summary>
    /// <param name="dimensions">Dimensions that are rotated.</param>
    /// <param name="ropeBase">Base of the frequencies.</param>
    /// <param name="factor">How far the longest wavelengths are stretched.</param>
    /// <param name="low">Rotations within the original context below which a frequency is divided by the factor.</param>
    /// <param name="high">Rotations above which it is kept.</param>
    /// <param name="originalContext">Context before stretching, in tokens.</param>
    public static float[] Compute(int dimensions, double ropeBase, double factor, double low = 1, double high = 4, double originalContext = 8192)
    {
        var factors = new float[dimensions / 2];
        for (var i = 0; i < factors.Length; i++)
        {
            var wavelength = 2 * Math.PI * Math.Pow(ropeBase, 2.0 * i / dimensions);
            var rotations = originalContext / wavelength;
            var keep = Math.Clamp((rotations - low) / (high - low), 0, 1);
            factors[i] = (float)(1 / ((1 - keep) / factor + keep));
        }
        return factors;
    }
}
