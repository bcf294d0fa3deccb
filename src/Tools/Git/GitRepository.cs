using LibGit2Sharp;

namespace AgentRuntime.Tools.Git;

/// <summary>Finds the git repository of the tools' root.</summary>
internal static class GitRepository
{
    /// <summary>Opens the git repository whose working tree holds a folder.</summary>
    /// <param name="root">The folder; it may be the working tree or lie inside it.</param>
    /// <param name="prefix">The folder relative to the working tree, with <c>/</c> at the end; empty where they are the same.</param>
    /// <returns>The repository, to be disposed; null where there is none, or its working tree ignores the folder.</returns>
    /// <exception cref="LibGit2SharpException">The repository is damaged, or belongs to another user.</exception>
    public static Repository? TryOpen(string root, out string prefix)
    {
        prefix = "";
        if (Repository.Discover(root) is not { } found)
            return null;
        var repository = new Repository(found);
        if (repository.Info.IsBare)
        {
            repository.Dispose();
            return null;
        }

        var relative = Path.GetRelativePath(repository.Info.WorkingDirectory, root).Replace('\\', '/');
        if (relative == ".")
            return repository;
        if (relative.StartsWith("../", StringComparison.Ordinal) || relative == ".."
            || repository.Ignore.IsPathIgnored(relative + "/"))
        {
            repository.Dispose();
            return null;
        }

        prefix = relative + "/";
        return repository;
    }
}
