using LibGit2Sharp;

namespace AgentRuntime.Cli.Hosting;

/// <summary>A repository to fix that ships with agentrt, and the task that goes with it.</summary>
/// <param name="Name">Its folder below <c>examples</c>.</param>
/// <param name="Task">The task.</param>
internal sealed record ExampleRepository(string Name, string Task)
{
    /// <summary>All of them; the first is the demonstration's default.</summary>
    public static IReadOnlyList<ExampleRepository> All { get; } =
    [
        new("wrong-operator", "The tests fail. Find the cause and fix it."),
        new("misspelt-name", "The build fails. Find the cause and fix it."),
        new("rename-symbol", "Rename MaxPrice to MaxCost everywhere."),
    ];

    /// <summary>Copies it to a new temporary folder and commits it to a git repository there.</summary>
    /// <returns>Full path of the copy.</returns>
    public string CopyToTemporaryFolder()
    {
        var source = AppPaths.Bundled(Path.Combine("examples", Name));
        var target = Directory.CreateTempSubdirectory("agentrt-demo-").FullName;
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(target, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        using var repository = new Repository(Repository.Init(target));
        LibGit2Sharp.Commands.Stage(repository, "*");
        var author = new Signature("agentrt demo", "demo@localhost", DateTimeOffset.Now);
        repository.Commit("The repository as it was", author, author);
        return target;
    }
}
