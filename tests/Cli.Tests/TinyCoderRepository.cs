namespace AgentRuntime.Cli.Tests;

/// <summary>
/// A copy of the example wrong-operator, and inside it a stand-in for <c>dotnet run</c> that prints what its tests would
/// print: so a run of the real agent with the real model needs no compiler and little time. Each start and end is logged.
/// </summary>
internal sealed class TinyCoderRepository : IDisposable
{
    private const string Source = "shop/order/CartRate.cs";

    public TinyCoderRepository()
    {
        Folder = Directory.CreateTempSubdirectory("agentrt-repo-").FullName;
        var example = Path.Combine(AppContext.BaseDirectory, "examples", "wrong-operator");
        foreach (var file in Directory.EnumerateFiles(example, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(Folder, Path.GetRelativePath(example, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        var program = Path.Combine(Directory.CreateDirectory(Programs).FullName, "dotnet");
        File.WriteAllText(program, $"""
            #!/bin/sh
            echo start >> {Programs}/log
            if grep -q 'cost + tax' {Source}; then
                echo '3 passed, 0 failed'; code=0
            else
                printf 'FAIL AddPrice(12, 4): expected 16, got 8\n2 passed, 1 failed\n'; code=1
            fi
            echo end >> {Programs}/log
            exit $code

            """);
        File.AppendAllText(Path.Combine(Folder, ".gitignore"), "programs/\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public string Folder { get; }

    /// <summary>The folder of the stand-in, for PATH. Inside the repository, since a sandbox has a /tmp of its own.</summary>
    public string Programs => Path.Combine(Folder, "programs");

    public bool IsFixed => File.ReadAllText(Path.Combine(Folder, Source)).Contains("cost + tax", StringComparison.Ordinal);

    /// <summary>All files but the log, with their contents.</summary>
    public string State() => string.Join('\n', Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories)
        .Select(f => Path.GetRelativePath(Folder, f)).Where(f => !f.StartsWith("programs", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        .Select(f => f + "\n" + File.ReadAllText(Path.Combine(Folder, f))));

    /// <summary>How often a command began (<c>start</c>) or ended (<c>end</c>).</summary>
    public int Count(string word)
    {
        var log = Path.Combine(Programs, "log");
        return File.Exists(log) ? File.ReadLines(log).Count(l => l == word) : 0;
    }

    public void Dispose() => Directory.Delete(Folder, true);
}
