namespace AgentRuntime.Cli.Models;

/// <summary>What the content of a file must hash to.</summary>
/// <param name="Algorithm">How it is computed.</param>
/// <param name="Hex">The hash in lower-case hex digits.</param>
internal sealed record FileDigest(DigestAlgorithm Algorithm, string Hex)
{
    /// <summary>Reads a hash.</summary>
    /// <returns>Null where the text is no such hash.</returns>
    public static FileDigest? TryParse(DigestAlgorithm algorithm, string? hex) =>
        hex?.Length == (algorithm == DigestAlgorithm.Sha256 ? 64 : 40) && hex.All(char.IsAsciiHexDigit)
            ? new(algorithm, Convert.ToHexStringLower(Convert.FromHexString(hex)))
            : null;
}
