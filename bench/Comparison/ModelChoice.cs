namespace AgentRuntime.Comparison;

/// <summary>A synthetic model to compare on.</summary>
/// <param name="Shape">A shape of <c>agentrt model synthesize</c>.</param>
/// <param name="Quantization">Its storage type.</param>
public sealed record ModelChoice(string Shape, string Quantization)
{
    /// <summary>Reads <c>SHAPE:QUANT</c>.</summary>
    /// <exception cref="ComparisonException">It is not of that form.</exception>
    public static ModelChoice Parse(string text) =>
        text.Split(':') is [{ Length: > 0 } shape, { Length: > 0 } quantization] ? new(shape, quantization) : throw new ComparisonException($"--models: '{text}' is not SHAPE:QUANT.");

    /// <inheritdoc/>
    public override string ToString() => $"{Shape} {Quantization}";
}
