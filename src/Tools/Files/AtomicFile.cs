namespace AgentRuntime.Tools.Files;

/// <summary>Writes files whole or not at all.</summary>
internal static class AtomicFile
{
    /// <summary>Replaces or creates a file, keeping the permissions of the one it replaces.</summary>
    /// <param name="paths">Resolves the path again before the write.</param>
    /// <param name="path">Where to write; its folder is made when it does not exist.</param>
    /// <param name="expected">What the file must hold now; null when it must not exist.</param>
    /// <param name="content">What it holds afterwards.</param>
    /// <exception cref="ToolFailure">The file or a folder above it changed meanwhile.</exception>
    public static void Write(RepositoryPaths paths, ResolvedPath path, byte[]? expected, byte[] content)
    {
        var folder = Path.GetDirectoryName(path.Absolute)!;
        Directory.CreateDirectory(folder);
        var temporary = Path.Combine(folder, $".agentrt-{Guid.NewGuid():N}.tmp");
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
                stream.Write(content);
            if (expected is not null && !OperatingSystem.IsWindows())
                File.SetUnixFileMode(temporary, File.GetUnixFileMode(path.Absolute));

            // Approval can take minutes: look again at what was there, and at the links that lead there.
            var unchanged = paths.Resolve(path.ToString()) == path
                && (expected is null ? !Path.Exists(path.Absolute) : TextFile.ReadBytes(path).AsSpan().SequenceEqual(expected));
            if (!unchanged)
                throw new ToolFailure(ToolErrorKind.Conflict, $"{path} was changed by someone else meanwhile; read it again");
            File.Move(temporary, path.Absolute, overwrite: expected is not null);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
