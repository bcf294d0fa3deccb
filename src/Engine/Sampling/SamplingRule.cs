namespace AgentRuntime.Engine.Sampling;

/// <summary>
/// How one token is chosen from a row of logits: mask and repetition penalty, then the likeliest, or temperature, top-k,
/// top-p and min-p in this order, and a number that draws among what is left. The default takes the likeliest of all.
/// </summary>
public readonly record struct SamplingRule
{
    /// <summary>0 for the likeliest; otherwise logits are divided by it.</summary>
    public float Temperature { get; init; }

    /// <summary>Only the k likeliest tokens; 0 for all.</summary>
    public int TopK { get; init; }

    /// <summary>Only the likeliest tokens whose probabilities reach p together; 1 or more for all.</summary>
    public float TopP { get; init; }

    /// <summary>Only tokens at least this share as likely as the likeliest; 0 for all.</summary>
    public float MinP { get; init; }

    /// <summary>At least 0 and below 1: what share of the probability that is left lies before the token. Not looked at without temperature.</summary>
    public double Uniform { get; init; }

    /// <summary>Divides positive and multiplies negative logits of <see cref="Penalised"/>.</summary>
    public float Penalty { get; init; }

    /// <summary>Tokens to penalise, each once. Valid until the next rule is made.</summary>
    public ReadOnlyMemory<int> Penalised { get; init; }

    /// <summary>The tokens allowed; null for all.</summary>
    public AllowedTokens? Allowed { get; init; }
}
