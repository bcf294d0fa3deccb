using System.Diagnostics;
using System.Text.RegularExpressions;
using AgentRuntime.Tools.Sandbox;

namespace AgentRuntime.Cli.Tests.Commands;

/// <summary>
/// The tutorial of docs/workflows.md, command by command: a YAML block is written to the file that its first line names, each
/// line of a shell block is run, and what stands behind it in comments must be in what it printed.
/// </summary>
public sealed partial class WorkflowTutorialTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("agentrt-tutorial-").FullName;
    private readonly AgentRt _agentrt = new();

    public void Dispose()
    {
        _agentrt.Dispose();
        Directory.Delete(_folder, true);
    }

    [Fact]
    public async Task Every_command_does_what_the_tutorial_says()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Commands need a Unix shell.");
        var text = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "docs", "workflows.md"));
        var tutorial = text[text.IndexOf("# A five-minute tutorial\n", StringComparison.Ordinal)..text.IndexOf("# Reference\n", StringComparison.Ordinal)];
        var commands = 0;
        foreach (Match block in Blocks().Matches(tutorial))
        {
            var content = block.Groups[2].Value;
            if (block.Groups[1].Value == "yaml")
            {
                await File.WriteAllTextAsync(Path.Combine(_folder, content[2..content.IndexOf('\n', StringComparison.Ordinal)]), content);
                continue;
            }
            var lines = content.TrimEnd('\n').Split('\n');
            for (var i = 0; i < lines.Length; commands++)
            {
                var command = lines[i++];
                var expected = lines.Skip(i).TakeWhile(l => l.StartsWith("# ", StringComparison.Ordinal)).Select(l => l[2..]).ToList();
                i += expected.Count;
                await CheckAsync(command, expected);
            }
        }
        Assert.Equal(9, commands);
    }

    private async Task CheckAsync(string command, List<string> expected)
    {
        var (code, printed) = await RunAsync(command);
        var wanted = expected.Find(l => l.StartsWith("exit code ", StringComparison.Ordinal)) ?? "exit code 0";
        Assert.True(wanted == $"exit code {code}", $"{command}: exit code {code}, expected {wanted}\n{printed}");
        Assert.All(expected.Where(l => l != wanted), line => Assert.Contains(OneLine(line), OneLine(printed), StringComparison.Ordinal));
    }

    /// <summary>Lines for people are wrapped where the terminal ends.</summary>
    private static string OneLine(string text) => Spaces().Replace(text, " ").Trim();

    private async Task<(int Code, string Printed)> RunAsync(string command)
    {
        // The tutorial works in the current folder, and a process of a test has one for all of its tests.
        var program = $"agentrt() {{ dotnet '{Path.Combine(AppContext.BaseDirectory, "agentrt.dll")}' \"$@\"; }}\n{command}";
        if (!SandboxProbe.Status.Works) program = program.Replace("--approval auto", "--approval auto --sandbox off", StringComparison.Ordinal);
        var start = new ProcessStartInfo("/bin/sh", ["-c", program]) { WorkingDirectory = _folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["AGENTRT_HOME"] = _agentrt.Home;
        start.Environment.Remove("AGENTRT_MODEL");
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await error);
    }

    [GeneratedRegex("\\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex("```(yaml|sh)\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Blocks();
}
