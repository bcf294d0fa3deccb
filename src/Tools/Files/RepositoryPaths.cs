using System.IO.Enumeration;

namespace AgentRuntime.Tools.Files;

/// <summary>
/// Resolves the paths that a model names. Each component is looked at, also those of files that do not exist yet: a path
/// that ends outside the repository or in git's own files is refused, whatever links lead there.
/// </summary>
public sealed class RepositoryPaths
{
    private const int MaxLinks = 40;
    private readonly string _givenRoot;
    private readonly List<string> _gitFolders = [];

    /// <summary>Takes a repository's root folder.</summary>
    /// <exception cref="ToolsException">The folder does not exist, or is a root of the file system.</exception>
    public RepositoryPaths(string root)
    {
        _givenRoot = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        if (!Directory.Exists(_givenRoot))
            throw new ToolsException($"The repository '{root}' is not an existing folder.");
        Root = FollowLinks(_givenRoot) ?? throw new ToolsException($"The repository '{root}' is a circle of symbolic links.");
        if (Path.GetPathRoot(Root) == Root)
            throw new ToolsException("The repository must be a folder below the root of the file system.");

        // Where .git is a link or a file that points to a folder of another name inside the repository, that folder is git's too.
        var git = Path.Combine(Root, ".git");
        if (FollowLinks(git) is { } folder)
            _gitFolders.Add(folder);
        if (ReadGitFile(git) is { } target && FollowLinks(Path.Combine(Root, target)) is { } pointedTo)
            _gitFolders.Add(pointedTo);
    }

    /// <summary>The repository's real root folder, without a separator at its end.</summary>
    public string Root { get; }

    /// <summary>
    /// git's own folders and files inside the repository as they are now, those of submodules and other repositories in it
    /// included: never to be written, also not by commands.
    /// </summary>
    public IReadOnlyList<string> FindGitFolders()
    {
        var options = new EnumerationOptions
        {
            AttributesToSkip = FileAttributes.ReparsePoint,
            IgnoreInaccessible = true,
            RecurseSubdirectories = true,
        };
        var nested = new FileSystemEnumerable<string>(Root, (ref entry) => entry.ToFullPath(), options)
        {
            ShouldIncludePredicate = (ref entry) => entry.FileName.Equals(".git", StringComparison.OrdinalIgnoreCase),
            ShouldRecursePredicate = (ref entry) => !entry.FileName.Equals(".git", StringComparison.OrdinalIgnoreCase),
        };
        return [.. _gitFolders.Where(folder => Path.Exists(folder) && IsInside(Root, folder)).Concat(nested).Distinct()];
    }

    /// <summary>Whether an absolute path without links is the repository's own git folder or inside it.</summary>
    internal bool IsInGitFolder(string absolute) => _gitFolders.Any(folder => IsInside(folder, absolute));

    /// <summary>Resolves a path.</summary>
    /// <param name="path">Relative to the repository, or absolute and inside it.</param>
    /// <exception cref="ToolFailure">The path is empty, leads outside the repository, or into git's own files.</exception>
    internal ResolvedPath Resolve(string path)
    {
        if (string.IsNullOrWhiteSpace(path))
            throw new ToolFailure(ToolErrorKind.InvalidArguments, "the path is empty");
        if (path.Any(char.IsControl))
            throw new ToolFailure(ToolErrorKind.InvalidArguments, "the path holds a control character");

        var names = RelativeTo(path).Split(Separators, StringSplitOptions.RemoveEmptyEntries).Where(name => name != ".").ToArray();
        if (names.Contains(".."))
            throw new ToolFailure(ToolErrorKind.OutsideRepository, $"{path} holds '..'; give the path from the repository's root");
        var relative = string.Join('/', names);
        RefuseGit(relative, relative);

        var absolute = FollowLinks(Path.Combine(Root, relative))
            ?? throw new ToolFailure(ToolErrorKind.InvalidArguments, $"{relative} is a circle of symbolic links");
        if (!IsInside(Root, absolute))
            throw new ToolFailure(ToolErrorKind.OutsideRepository, $"{relative} leads out of the repository");
        RefuseGit(absolute[Root.Length..], relative);
        if (IsInGitFolder(absolute))
            throw GitRefusal(relative);
        return new ResolvedPath(absolute, relative);
    }

    /// <summary>Resolves a path that may be absent: null and <c>.</c> are the root.</summary>
    internal ResolvedPath ResolveOrRoot(string? path) =>
        string.IsNullOrWhiteSpace(path) ? new ResolvedPath(Root, "") : Resolve(path);

    /// <summary>Whether a name of a file or folder is git's own on any file system: in any case, or one that some systems take for it.</summary>
    internal static bool IsGitName(ReadOnlySpan<char> name)
    {
        // Windows drops dots and spaces at the end and has short names, macOS drops invisible characters.
        Span<char> plain = stackalloc char[name.Length <= 256 ? name.Length : 256];
        var length = 0;
        foreach (var c in name)
        {
            if (length == plain.Length)
                break;
            if (char.GetUnicodeCategory(c) != System.Globalization.UnicodeCategory.Format)
                plain[length++] = c;
        }

        var trimmed = plain[..length].TrimEnd(". ");
        return trimmed.Equals(".git", StringComparison.OrdinalIgnoreCase) || trimmed.Equals("git~1", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The folder that a <c>.git</c> file names (worktrees and submodules have one); null where there is no such file.</summary>
    private static string? ReadGitFile(string path)
    {
        const int maxBytes = 4096;
        const string key = "gitdir:";
        if (!FileSystemEntry.IsRegularFile(path) || new FileInfo(path).Length > maxBytes)
            return null;
        var text = File.ReadAllText(path);
        return text.StartsWith(key, StringComparison.Ordinal) ? text[key.Length..].Trim() : null;
    }

    private static char[] Separators { get; } = OperatingSystem.IsWindows() ? ['/', '\\'] : ['/'];

    private string RelativeTo(string path)
    {
        if (!Path.IsPathRooted(path))
            return path;
        foreach (var root in (ReadOnlySpan<string>)[Root, _givenRoot])
            if (IsInside(root, path))
                return path[root.Length..];
        throw new ToolFailure(ToolErrorKind.OutsideRepository, $"{path} is outside the repository; give the path from the repository's root");
    }

    private static void RefuseGit(string relative, string asked)
    {
        foreach (var name in relative.Split(Separators, StringSplitOptions.RemoveEmptyEntries))
            if (IsGitName(name))
                throw GitRefusal(asked);
    }

    private static ToolFailure GitRefusal(string asked) =>
        new(ToolErrorKind.Denied, $"{asked} belongs to git; tools do not touch it");

    private static bool IsInside(string folder, string path) =>
        path.StartsWith(folder, StringComparison.Ordinal) && (path.Length == folder.Length || Separators.Contains(path[folder.Length]));

    /// <summary>The real place of an absolute path, as far as it exists; null for a circle of links.</summary>
    private static string? FollowLinks(string path)
    {
        var root = Path.GetPathRoot(path)!;
        var pending = new Stack<string>(path[root.Length..].Split(Separators, StringSplitOptions.RemoveEmptyEntries).Reverse());
        var real = root;
        var links = 0;
        while (pending.TryPop(out var name))
        {
            if (name == ".")
                continue;
            if (name == "..")
            {
                // Everything in `real` has been followed, so its parent by name is its parent on disk.
                real = Path.GetDirectoryName(real) ?? root;
                continue;
            }

            var next = Path.Combine(real, name);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                real = next;
                continue;
            }

            if (++links > MaxLinks)
                return null;
            if (Path.GetPathRoot(target) is { Length: > 0 } targetRoot)
                (real, target) = (targetRoot, target[targetRoot.Length..]);
            foreach (var part in target.Split(Separators, StringSplitOptions.RemoveEmptyEntries).Reverse())
                pending.Push(part);
        }

        return real;
    }
}
