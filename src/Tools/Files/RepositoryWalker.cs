namespace AgentRuntime.Tools.Files;

/// <summary>Lists the files of a repository in ordinal order of their paths, without what .gitignore leaves out and without git's own.</summary>
/// <param name="paths">The repository.</param>
internal sealed class RepositoryWalker(RepositoryPaths paths)
{
    private const int MaxDepth = 100;

    /// <summary>The files below a folder, or the file itself. Links are listed where they are files, and never followed.</summary>
    /// <returns>Paths relative to the repository, with <c>/</c>.</returns>
    /// <exception cref="ToolFailure">The path does not exist.</exception>
    public IEnumerable<string> Files(ResolvedPath start, CancellationToken cancellationToken)
    {
        if (!Path.Exists(start.Absolute))
            throw new ToolFailure(ToolErrorKind.NotFound, $"{start} does not exist");
        return start.IsFolder ? FilesBelow(RealRelative(start), cancellationToken) : [start.Relative];
    }

    /// <summary>The names in one folder, ignored ones too; those of folders end with <c>/</c>.</summary>
    /// <param name="folder">Empty for the root, or ending with <c>/</c>.</param>
    public IEnumerable<string> Names(string folder) => Entries(folder).Select(SortName);

    private IEnumerable<string> FilesBelow(string start, CancellationToken cancellationToken)
    {
        var rules = new IgnoreRules(paths.Root);
        rules.Enter("");
        for (var slash = start.IndexOf('/'); slash >= 0; slash = start.IndexOf('/', slash + 1))
        {
            if (rules.IsIgnored(start[..slash], isFolder: true))
                yield break;
            rules.Enter(start[..(slash + 1)]);
        }

        foreach (var file in Walk(start, rules, 0, cancellationToken))
            yield return file;
    }

    private IEnumerable<string> Walk(string folder, IgnoreRules rules, int depth, CancellationToken cancellationToken)
    {
        foreach (var (name, isFolder) in Entries(folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var path = folder + name;
            if (rules.IsIgnored(path, isFolder))
                continue;
            if (!isFolder)
            {
                yield return path;
            }
            else if (depth < MaxDepth)
            {
                rules.Enter(path + "/");
                foreach (var file in Walk(path + "/", rules, depth + 1, cancellationToken))
                    yield return file;
            }
        }
    }

    /// <summary>The entries of a folder. A folder sorts as if its name ended with <c>/</c>, which makes whole paths come in ordinal order.</summary>
    private List<(string Name, bool IsFolder)> Entries(string folder)
    {
        var entries = new List<(string Name, bool IsFolder)>();
        try
        {
            foreach (var entry in new DirectoryInfo(Path.Combine(paths.Root, folder)).EnumerateFileSystemInfos())
            {
                var isLink = entry.LinkTarget is not null;
                var isFolder = entry is DirectoryInfo && !isLink;
                if (!RepositoryPaths.IsGitName(entry.Name) && !paths.IsInGitFolder(entry.FullName)
                    && !entry.Name.Any(char.IsControl) && (isFolder || !isLink || File.Exists(entry.FullName)))
                    entries.Add((entry.Name, isFolder));
            }
        }
        catch (Exception failure) when (failure is UnauthorizedAccessException or DirectoryNotFoundException)
        {
            // A folder that cannot be read has no files for the agent.
        }

        entries.Sort((a, b) => string.CompareOrdinal(SortName(a), SortName(b)));
        return entries;
    }

    private static string SortName((string Name, bool IsFolder) entry) => entry.IsFolder ? entry.Name + "/" : entry.Name;

    private string RealRelative(ResolvedPath folder) =>
        folder.Absolute.Length == paths.Root.Length ? "" : folder.Absolute[(paths.Root.Length + 1)..].Replace('\\', '/') + "/";
}
