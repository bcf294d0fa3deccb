namespace AgentRuntime.Cli.Models;

/// <summary>A file of a repository, as its listing announces it.</summary>
/// <param name="Path">Path in the repository, as the server wrote it: hostile until <see cref="RequirePlainPath"/> has seen it.</param>
/// <param name="Size">Length in bytes, 0 to <see cref="MaxSize"/>.</param>
/// <param name="Digest">What its content must hash to.</param>
internal sealed record RemoteFile(string Path, long Size, FileDigest Digest)
{
    /// <summary>One PiB: nothing that could be a model is longer, and sums of sizes cannot overflow.</summary>
    public const long MaxSize = 1L << 50;

    /// <summary>The last part of the path.</summary>
    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    /// <summary>Refuses paths that could lead out of a folder, or mean something else than a file on some system.</summary>
    /// <exception cref="ModelDownloadException">The path is no plain relative one.</exception>
    public RemoteFile RequirePlainPath()
    {
        var plain = Path.Length <= 1024 && !Path.AsSpan().ContainsAny('\\', ':') && !Path.Any(char.IsControl) &&
            Path.Split('/').All(part => part is not ("" or "." or ".."));
        if (!plain) throw new ModelDownloadException($"The listing of the repository names the path '{Printable(Path)}', which is not a plain relative one, so nothing was downloaded.");
        return this;
    }

    private static string Printable(string text) =>
        string.Concat(text.Take(100).Select(c => char.IsControl(c) ? '?' : c));
}
