namespace AgentRuntime.Cli.Models;

/// <summary>How the Hub names the content of a file.</summary>
internal enum DigestAlgorithm
{
    /// <summary>SHA-256 of the content: large files.</summary>
    Sha256,

    /// <summary>Git's blob id, the SHA-1 of <c>blob LENGTH\0</c> and the content: small files.</summary>
    GitBlob,
}
