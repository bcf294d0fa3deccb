using System.Globalization;
using AgentRuntime.Tools.Sandbox;

namespace AgentRuntime.Cli.Tests;

/// <summary>kill -9 at any event of a run: resuming ends in the same state, and no command that finished runs again.</summary>
public sealed class KillAndResumeTests
{
    private const string Task = "The tests fail. Find the cause and fix it.";

    // AGENTRT_KILLS=20 makes the long form of this test.
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("AGENTRT_KILLS") ?? "5", CultureInfo.InvariantCulture);

    [Fact]
    public async Task A_killed_run_resumes_to_the_same_state()
    {
        Assert.SkipUnless(SandboxProbe.Status.Works, "Without a sandbox a killed run's command outlives it: " + SandboxProbe.Status.Detail);
        var (state, events) = await UndisturbedAsync();
        var random = new Random(7);
        for (var i = 0; i < Kills; i++)
            await KillAndResumeAsync(random.Next(1, events), state);
    }

    private static async Task<(string State, int Events)> UndisturbedAsync()
    {
        using var repository = new TinyCoderRepository();
        using var agentrt = new AgentRt { ExtraPath = repository.Programs };
        var result = await agentrt.RunAsync(RunArguments(repository));
        Assert.Equal(0, result.ExitCode);
        return (repository.State(), result.Lines.Count());
    }

    private static async Task KillAndResumeAsync(int afterEvents, string state)
    {
        using var repository = new TinyCoderRepository();
        using var agentrt = new AgentRt { ExtraPath = repository.Programs };
        using (var process = agentrt.Start(RunArguments(repository)))
        {
            for (var i = 0; i < afterEvents && await process.StandardOutput.ReadLineAsync() is not null; i++) { }
            process.Kill();
            await process.WaitForExitAsync();
        }

        var resumed = await agentrt.RunAsync("runs", "resume", "last", "--approval", "auto", "--interrupted", "rerun", "--json");
        if (resumed.ExitCode == 2)
            Assert.Contains("is complete", resumed.Error, StringComparison.Ordinal);
        else
            Assert.Equal(0, resumed.ExitCode);

        Assert.Equal(state, repository.State());
        var run = (await agentrt.RunAsync("runs", "show", "last", "--json")).Lines.Single();
        var commands = run.GetProperty("steps").EnumerateArray().SelectMany(s => s.GetProperty("calls").EnumerateArray())
            .Count(c => c.GetProperty("name").GetString() == "run_command");
        var interrupted = resumed.Error.Split('\n').Count(l => l.Contains("may or may not have run", StringComparison.Ordinal));
        Assert.InRange(repository.Count("start"), commands, commands + interrupted);
    }

    private static string[] RunArguments(TinyCoderRepository repository) =>
        ["run", "--repo", repository.Folder, "--approval", "auto", "--max-steps", "20", "--json", Task];
}
