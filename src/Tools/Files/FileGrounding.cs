using AgentRuntime.Engine.Grammar.Grounding;

namespace AgentRuntime.Tools.Files;

/// <summary>What exists in a repository, for arguments that are held to it. Safe for concurrent use.</summary>
/// <param name="paths">The repository.</param>
internal sealed class FileGrounding(RepositoryPaths paths)
{
    /// <summary>Larger texts are not held to: the automaton would take more time and memory than a failed edit costs.</summary>
    private const int MaxCharacters = 1024 * 1024;

    /// <summary>Most characters of all files whose automata are kept, some 30 bytes of memory each.</summary>
    private const int MaxKeptCharacters = 2 * MaxCharacters;

    private readonly Lock _gate = new();
    private readonly LinkedList<(string Path, string Text, ValueDomain Domain)> _kept = [];

    /// <summary>Files that exist, ignored ones too, and those that earlier calls of the same reply write.</summary>
    public ValueSource Files => new(call =>
    {
        var written = call.Earlier.Where(earlier => earlier.Tool == "write_file").Select(earlier => Plain(earlier.Arguments.GetValueOrDefault("path", ""))).ToList();
        return ValueDomain.Tree(folder => Names(folder, written), "the repository has no file yet; write_file creates one");
    });

    /// <summary>Text that stands exactly once in the file of the argument <c>path</c>, as the earlier calls of the same reply leave it.</summary>
    public ValueSource PartOfFile => new(call =>
    {
        var path = Plain(call.Arguments["path"]);
        if (TextOf(path, call.Earlier) is not { } text) return null;
        if (text.Length == 0) return ValueDomain.Nothing($"{path} is empty, so there is no text to replace; write_file writes it");
        lock (_gate)
        {
            var kept = _kept.FirstOrDefault(file => file.Path == path && file.Text == text);
            if (kept.Domain is not null) return kept.Domain;
        }
        var domain = ValueDomain.PartOf(text, $"old text that stands exactly once in {path} was not found; read the file and copy less of it");
        lock (_gate)
        {
            _kept.AddFirst((path, text, domain));
            while (_kept.Count > 1 && _kept.Sum(file => file.Text.Length) > MaxKeptCharacters)
                _kept.RemoveLast();
        }
        return domain;
    }, "path");

    /// <summary>The text that an edit looks at; null where it cannot be held to anything, so that the tool itself says what is wrong.</summary>
    private string? TextOf(string path, IReadOnlyList<CallInProgress> earlier)
    {
        var text = earlier.Any(call => call.Tool == "write_file" && Plain(call.Arguments.GetValueOrDefault("path", "")) == path) ? "" : Read(path);
        foreach (var call in earlier.Where(call => Plain(call.Arguments.GetValueOrDefault("path", "")) == path))
        {
            if (call.Tool == "write_file") text = call.Arguments.GetValueOrDefault("content", "");
            if (call.Tool != "edit_file" || !call.Arguments.TryGetValue("old", out var old) || !call.Arguments.TryGetValue("new", out var after)) continue;
            if (text?.IndexOf(old, StringComparison.Ordinal) is >= 0 and var at) text = string.Concat(text.AsSpan(0, at), after, text.AsSpan(at + old.Length));
        }
        return text?.Length > MaxCharacters ? null : text;
    }

    private string? Read(string path)
    {
        TextFile file;
        try
        {
            file = TextFile.Read(paths.Resolve(path));
        }
        catch (Exception failure) when (failure is ToolFailure or IOException or UnauthorizedAccessException)
        {
            return null;
        }
        // Where all lines end with \r\n, models see and write \n, and the tool takes it for that. Otherwise what stands there counts.
        var lineEnds = file.Text.AsSpan().Count("\r\n");
        return lineEnds == file.Text.AsSpan().Count('\n') && lineEnds == file.Text.AsSpan().Count('\r') ? file.Text.Replace("\r\n", "\n", StringComparison.Ordinal) : file.Text;
    }

    /// <summary>The names in a folder; folders end with a slash. Paths may begin with <c>./</c> or with the repository's own path.</summary>
    private IEnumerable<string> Names(string folder, List<string> written)
    {
        if (folder.Length == 0)
        {
            yield return "./";
            yield return Root;
        }
        var relative = Plain(folder);
        foreach (var path in written)
        {
            if (path.StartsWith(relative, StringComparison.Ordinal) && path.Length > relative.Length)
                yield return path.IndexOf('/', relative.Length) is >= 0 and var slash ? path[relative.Length..(slash + 1)] : path[relative.Length..];
        }
        foreach (var name in new RepositoryWalker(paths).Names(relative))
            yield return name;
    }

    private string Root => paths.Root.Replace('\\', '/') + "/";

    /// <summary>A path as the repository's own listing has it.</summary>
    private string Plain(string path)
    {
        if (path.StartsWith(Root, StringComparison.Ordinal))
            return path[Root.Length..];
        return path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path;
    }
}
