namespace AgentRuntime.Cli.Models;

/// <summary>What to download, and what it is called here.</summary>
/// <param name="Name">The installed name.</param>
/// <param name="IsFolder">Whether the files go into a folder of that name under their own names; otherwise there is one file, <c>NAME.gguf</c>.</param>
/// <param name="Files">The files, in order.</param>
internal sealed record ModelSelection(string Name, bool IsFolder, IReadOnlyList<RemoteFile> Files)
{
    /// <summary>Bytes of all files.</summary>
    public long Size => Files.Sum(file => file.Size);
}
