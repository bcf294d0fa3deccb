namespace AgentRuntime.Cli.Models;

/// <summary>
/// The folder of installed models: <c>NAME.gguf</c>, or a folder NAME with a Hugging Face model or the parts of a GGUF;
/// with <c>.partial</c> behind it while it is being downloaded.
/// </summary>
/// <param name="path">The folder; it need not exist.</param>
internal sealed class ModelFolder(string path)
{
    private const string Gguf = ".gguf";
    private const string Partial = ".partial";

    /// <summary>Full path of the folder.</summary>
    public string Path { get; } = System.IO.Path.GetFullPath(path);

    /// <summary>All models, in order of name, also those whose download has not ended.</summary>
    public IReadOnlyList<InstalledModel> List() => Directory.Exists(Path)
        ? [.. new DirectoryInfo(Path).EnumerateFileSystemInfos().Select(Describe).OfType<InstalledModel>().OrderBy(model => model.Name, StringComparer.Ordinal).ThenBy(model => model.IsPartial)]
        : [];

    /// <summary>The model of a name, if its download has ended.</summary>
    public InstalledModel? Find(string name)
    {
        if (!IsName(name)) return null;
        var (file, folder) = (new FileInfo(FilePath(name)), new DirectoryInfo(FolderPath(name)));
        return file.Exists ? Describe(file) : folder.Exists ? Describe(folder) : null;
    }

    /// <summary>Removes a model and what has been downloaded of it.</summary>
    /// <returns>The bytes that are free again.</returns>
    /// <exception cref="UsageException">There is no such model, or it is no name.</exception>
    public long Remove(string name)
    {
        if (!IsName(name)) throw new UsageException($"'{name}' is no name of an installed model; 'agentrt model list' shows those.");
        var found = List().Where(model => model.Name == name).ToArray();
        if (found.Length == 0) throw new UsageException($"There is no installed model '{name}'; 'agentrt model list' shows those.");
        foreach (var file in (string[])[FilePath(name), FilePath(name) + Partial]) File.Delete(file);
        foreach (var folder in (string[])[FolderPath(name), FolderPath(name) + Partial])
            if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        return found.Sum(model => model.Bytes);
    }

    /// <summary>Where a model of one file is.</summary>
    public string FilePath(string name) => System.IO.Path.Combine(Path, name + Gguf);

    /// <summary>Where a model of several files is.</summary>
    public string FolderPath(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Where it is while it is being downloaded.</summary>
    public static string PartialPath(string path) => path + Partial;

    private static bool IsName(string name) =>
        name is not ("" or "." or "..") && !name.AsSpan().ContainsAny('/', '\\', ':') && !name.Any(char.IsControl) && !name.EndsWith(Partial, StringComparison.Ordinal);

    private static InstalledModel? Describe(FileSystemInfo entry)
    {
        var partial = entry.Name.EndsWith(Partial, StringComparison.Ordinal);
        var name = partial ? entry.Name[..^Partial.Length] : entry.Name;
        if (entry is DirectoryInfo folder) return new(name, partial ? folder.FullName : Opens(folder), Size(folder), partial);
        return name.EndsWith(Gguf, StringComparison.Ordinal) ? new(name[..^Gguf.Length], entry.FullName, ((FileInfo)entry).Length, partial) : null;
    }

    /// <summary>The first part where the folder holds the parts of a GGUF.</summary>
    private static string Opens(DirectoryInfo folder) =>
        folder.EnumerateFiles("*-00001-of-?????.gguf").FirstOrDefault()?.FullName ?? folder.FullName;

    private static long Size(DirectoryInfo folder) =>
        folder.EnumerateFiles("*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint }).Sum(file => file.Length);
}
