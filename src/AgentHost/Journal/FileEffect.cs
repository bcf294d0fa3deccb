using System.Security.Cryptography;
using AgentRuntime.Tools.Files;

namespace AgentRuntime.AgentHost.Journal;

/// <summary>What a call is about to do to a file. Files are replaced atomically, so the file has one of the two hashes afterwards.</summary>
/// <param name="Path">Full path of the file.</param>
/// <param name="Before">SHA-256 of its content before, in hex; empty when it does not exist.</param>
/// <param name="After">SHA-256 of its content after.</param>
/// <param name="Result">The result that the model gets when it succeeds.</param>
public sealed record FileEffect(string Path, string Before, string After, string Result)
{
    /// <summary>The effect of a change that a tool announces.</summary>
    public static FileEffect Of(FileChange change) => new(change.Path, change.Before is null ? "" : Hash(change.Before), Hash(change.After), change.Result);

    /// <summary>The hash of a file as it is now, empty when there is none.</summary>
    internal static string Hash(string path) => File.Exists(path) ? Hash(File.ReadAllBytes(path)) : "";

    private static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));
}
