namespace AgentRuntime.Tools.Files;

/// <summary>
/// The rules of a repository's .gitignore files. Only they count, not the user's own excludes: a listing is then the same
/// on every machine. Belongs to one walk; folders are entered from the root down.
/// </summary>
/// <param name="root">The repository's root folder.</param>
internal sealed class IgnoreRules(string root)
{
    private const int MaxBytes = 256 * 1024;
    private readonly List<(string Folder, List<IgnorePattern> Patterns)> _files = [];

    /// <summary>Reads the rules of a folder that is about to be listed, and forgets those of folders that do not hold it.</summary>
    /// <param name="folder">Relative to the root, with <c>/</c> at the end; empty for the root.</param>
    public void Enter(string folder)
    {
        while (_files.Count > 0 && !folder.StartsWith(_files[^1].Folder, StringComparison.Ordinal))
            _files.RemoveAt(_files.Count - 1);
        var file = Path.Combine(root, folder, ".gitignore");
        if (!FileSystemEntry.IsRegularFile(file) || new FileInfo(file).Length > MaxBytes)
            return;
        var patterns = File.ReadLines(file).Select(IgnorePattern.Parse).OfType<IgnorePattern>().ToList();
        if (patterns.Count > 0)
            _files.Add((folder, patterns));
    }

    /// <summary>Whether a file or folder is left out, given that the folders that hold it are not: the last rule that matches counts.</summary>
    /// <param name="path">Relative to the root, without <c>/</c> at the end.</param>
    /// <param name="isFolder">Whether it is a folder.</param>
    public bool IsIgnored(string path, bool isFolder)
    {
        for (var i = _files.Count - 1; i >= 0; i--)
        {
            var (folder, patterns) = _files[i];
            if (!path.StartsWith(folder, StringComparison.Ordinal))
                continue;
            for (var j = patterns.Count - 1; j >= 0; j--)
                if (patterns[j].IsMatch(path.AsSpan(folder.Length), isFolder))
                    return !patterns[j].Keeps;
        }

        return false;
    }
}
