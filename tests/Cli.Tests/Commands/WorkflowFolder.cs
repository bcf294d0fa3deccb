namespace AgentRuntime.Cli.Tests.Commands;

/// <summary>A copy of examples/workflows, a home for agentrt, and stand-ins for programs where a test needs them.</summary>
internal sealed class WorkflowFolder : IDisposable
{
    public WorkflowFolder()
    {
        Folder = Directory.CreateTempSubdirectory("agentrt-workflow-").FullName;
        var example = Path.Combine(AppContext.BaseDirectory, "examples", "workflows");
        foreach (var file in Directory.EnumerateFiles(example, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(Folder, Path.GetRelativePath(example, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        AgentRt = new();
    }

    public string Folder { get; }

    public AgentRt AgentRt { get; }

    /// <summary>A path in it.</summary>
    public string At(string path) => Path.Combine(Folder, path);

    /// <summary>Runs a workflow of the folder with events as JSON.</summary>
    public Task<AgentRtResult> RunAsync(string file, params string[] arguments) =>
        AgentRt.RunAsync(["workflow", "run", At(file), "--repo", Folder, "--json", .. arguments]);

    /// <summary>Writes a shell script to <c>programs</c>.</summary>
    public void AddProgram(string name, string script)
    {
        var program = At("programs/" + name);
        Directory.CreateDirectory(Path.GetDirectoryName(program)!);
        File.WriteAllText(program, "#!/bin/sh\n" + script + "\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public void Dispose()
    {
        AgentRt.Dispose();
        Directory.Delete(Folder, true);
    }
}
