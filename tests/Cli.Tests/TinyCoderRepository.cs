namespace AgentRuntime.Cli.Tests;

/// <summary>
/// A copy of an example repository, and a stand-in for <c>dotnet run</c> that prints what its tests would print: so a run of
/// the real agent with the real model takes no compiler and little time. Each start and end of a command is logged.
/// </summary>
internal sealed class TinyCoderRepository : IDisposable
{
    public TinyCoderRepository()
    {
        Folder = Directory.CreateTempSubdirectory("agentrt-repo-").FullName;
        Tools = Directory.CreateTempSubdirectory("agentrt-bin-").FullName;
        Write("AGENTS.md", "Run the tests with: dotnet run\n");
        Write(".gitignore", "log\n");
        Write("source/Roof/TireSeed.cs", """
            public static class TireSeed
            {
                public static int SumWindShop(int week, int tax) => week - tax;
            }

            """);
        Write("Checks.cs", """
            Check(16, TireSeed.SumWindShop(12, 4));

            """);
        var program = Path.Combine(Tools, "dotnet");
        File.WriteAllText(program, """
            #!/bin/sh
            echo start >> log
            if grep -q 'week + tax' source/Roof/TireSeed.cs; then
                echo '1 passed, 0 failed'; code=0
            else
                printf 'FAIL SumWindShop(12, 4): expected 16, got 8\n0 passed, 1 failed\n'; code=1
            fi
            echo end >> log
            exit $code

            """);
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public string Folder { get; }

    /// <summary>The folder of the stand-in, for PATH.</summary>
    public string Tools { get; }

    public bool Fixed => File.ReadAllText(Path.Combine(Folder, "source/Roof/TireSeed.cs")).Contains("week + tax", StringComparison.Ordinal);

    public int Count(string word)
    {
        var log = Path.Combine(Folder, "log");
        return File.Exists(log) ? File.ReadLines(log).Count(l => l == word) : 0;
    }

    public void Dispose()
    {
        Directory.Delete(Folder, true);
        Directory.Delete(Tools, true);
    }

    private void Write(string path, string content)
    {
        var full = Path.Combine(Folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, content);
    }
}
