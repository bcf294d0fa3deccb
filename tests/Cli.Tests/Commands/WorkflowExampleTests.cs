using System.Text.Json;
using LibGit2Sharp;

namespace AgentRuntime.Cli.Tests.Commands;

/// <summary>The workflows of examples/workflows with the bundled model.</summary>
public sealed class WorkflowExampleTests : IDisposable
{
    private static readonly string[] Labels = ["bug", "feature", "question", "build"];
    private readonly WorkflowFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Issues_are_triaged_from_one_forked_prefix()
    {
        var result = await _folder.RunAsync("triage.yaml");
        Assert.True(result.ExitCode == 0, result.Error);
        var labels = End(result).GetProperty("outputs").GetProperty("labels").EnumerateArray().ToList();
        Assert.Equal(8, labels.Count);
        Assert.All(labels, label => Assert.Contains(label.GetProperty("label").GetString(), Labels));

        // What the handbook cost was paid once: each issue found all of it resident.
        var handbook = Number(Step(result, "learn"), "prompt_tokens");
        Assert.All(Enumerable.Range(0, 8), i => Assert.True(Number(Step(result, $"triage[{i}]"), "cached_tokens") >= handbook));
    }

    [Fact]
    public async Task A_repository_is_fixed_and_verified()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Commands need a Unix shell.");
        using var repository = new TinyCoderRepository();
        Repository.Init(repository.Folder);
        using var agentrt = new AgentRt { ExtraPath = repository.Programs };
        var result = await agentrt.RunAsync("workflow", "run", _folder.At("fix.yaml"), "--repo", repository.Folder, "--approval", "auto", "--sandbox", "off", "--json");
        Assert.True(result.ExitCode == 0, result.Error + result.Output);
        Assert.True(repository.IsFixed);
        var outputs = End(result).GetProperty("outputs");
        Assert.Equal("failure", outputs.GetProperty("before").GetString());
        Assert.NotEmpty(outputs.GetProperty("answer").GetString()!);

        // The second time there is nothing to fix, and no agent is asked.
        var again = await agentrt.RunAsync("workflow", "run", _folder.At("fix.yaml"), "--repo", repository.Folder, "--approval", "auto", "--sandbox", "off", "--json");
        Assert.Equal((0, "skipped"), (again.ExitCode, Step(again, "fix").GetProperty("outcome").GetString()));
    }

    [Fact]
    public async Task Release_notes_are_drafted_from_the_history()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Commands need a Unix shell.");
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PATH")!.Split(Path.PathSeparator).Any(p => File.Exists(Path.Combine(p, "git"))), "git is not installed.");
        using (var repository = new Repository(Repository.Init(_folder.Folder)))
        {
            var author = new Signature("a", "a@example.org", DateTimeOffset.UnixEpoch);
            foreach (var change in (string[])["Lists can be sorted", "Totals are right to the cent", "The parser is two classes"])
                repository.Commit(change, author, author, new CommitOptions { AllowEmptyCommit = true });
        }
        var result = await _folder.RunAsync("release-notes.yaml", "--approval", "auto", "--sandbox", "off");
        Assert.True(result.ExitCode == 0, result.Error + result.Output);
        var notes = File.ReadAllText(_folder.At("RELEASE_NOTES.md"));
        Assert.Equal(3, notes.Split('\n').Count(l => l.StartsWith("Features: ", StringComparison.Ordinal) || l.StartsWith("Repairs: ", StringComparison.Ordinal) || l.StartsWith("Inside: ", StringComparison.Ordinal)));
        Assert.Contains("Totals are right to the cent", notes, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Issues_of_an_mcp_server_are_labelled_there()
    {
        // In place of "dotnet run --project …": the same server, built already.
        var workflow = File.ReadAllText(_folder.At("label-issues.yaml"));
        const string run = "run, -c, Release, --project, \"${{ inputs.server }}\", --,";
        Assert.Contains(run, workflow, StringComparison.Ordinal);
        File.WriteAllText(_folder.At("label-issues.yaml"), workflow.Replace(run, JsonSerializer.Serialize(Path.Combine(AppContext.BaseDirectory, "issue-server.dll")) + ",", StringComparison.Ordinal));
        var result = await _folder.RunAsync("label-issues.yaml", "--approval", "auto", "--sandbox", "off", "--allow-mcp");
        Assert.True(result.ExitCode == 0, result.Error + result.Output);
        Assert.All(Enumerable.Range(1, 8), i => Assert.Contains(File.ReadAllText(_folder.At($"issues/{i}.label")), Labels));
        Assert.Equal("issue 3 is labelled " + File.ReadAllText(_folder.At("issues/3.label")), End(result).GetProperty("outputs").GetProperty("labelled")[2].GetString());
    }

    [Fact]
    public async Task An_mcp_server_of_a_workflow_starts_only_when_it_may()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The server is a shell script.");
        _folder.AddProgram("server", $"touch {_folder.At("started")}");
        File.WriteAllText(_folder.At("label-issues.yaml"), File.ReadAllText(_folder.At("label-issues.yaml")).Replace("command: dotnet", "command: " + _folder.At("programs/server"), StringComparison.Ordinal));
        var result = await _folder.RunAsync("label-issues.yaml", "--approval", "auto", "--sandbox", "off");
        Assert.Equal((2, "", false), (result.ExitCode, result.Output, File.Exists(_folder.At("started"))));
        Assert.Contains("The MCP server 'tracker' (" + _folder.At("programs/server"), result.Error, StringComparison.Ordinal);
        Assert.Contains("was not started: MCP server tracker needs a person's approval and there is nobody to ask; allow it with --allow-mcp", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_stops_the_steps_and_the_run_can_go_on()
    {
        AgentRt.SkipUnlessInterruptsArrive();
        await File.WriteAllTextAsync(_folder.At("wait.yaml"), "version: 1\nname: Wait\nsteps:\n  a: {run: echo a}\n  b: {needs: a, run: test -f go || sleep 60}\n");
        using var process = _folder.AgentRt.Start("workflow", "run", _folder.At("wait.yaml"), "--repo", _folder.Folder, "--approval", "auto", "--sandbox", "off", "--json");
        while (await process.StandardOutput.ReadLineAsync() is { } line && !line.Contains("\"step\":\"b\"", StringComparison.Ordinal)) { }
        using (var interrupt = System.Diagnostics.Process.Start("kill", ["-INT", $"{process.Id}"])) await interrupt.WaitForExitAsync();
        var rest = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal((130, true), (process.ExitCode, rest.Contains("\"status\":\"cancelled\"", StringComparison.Ordinal)));

        await File.WriteAllTextAsync(_folder.At("go"), "");
        var resumed = await _folder.AgentRt.RunAsync("workflow", "run", "--resume", "last", "--approval", "auto", "--sandbox", "off", "--json");
        Assert.Equal((0, true, false), (resumed.ExitCode, Step(resumed, "a").GetProperty("recorded").GetBoolean(), Step(resumed, "b").GetProperty("recorded").GetBoolean()));
    }

    [Theory]
    [InlineData("There is no run 'nothing' of a workflow", "--resume", "nothing")]
    [InlineData("--from goes with --resume", "triage.yaml", "--from", "learn")]
    [InlineData("Name the workflow's YAML file.")]
    [InlineData("--max-parallel 0 is out of range", "triage.yaml", "--max-parallel", "0")]
    [InlineData("There is no model 'gone'", "triage.yaml", "--model", "gone")]
    [InlineData("there is no input 'fodler'; expected one of folder; did you mean 'folder'?", "triage.yaml", "--input", "fodler=x")]
    [InlineData("say --approval auto or --approval never", "fix.yaml")]
    public async Task Bad_usage_is_a_sentence_and_nothing_is_begun(string sentence, params string[] arguments)
    {
        var result = await _folder.AgentRt.RunAsync(["workflow", "run", .. arguments.Select(a => a.EndsWith(".yaml", StringComparison.Ordinal) ? _folder.At(a) : a), "--repo", _folder.Folder, "--json"]);
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Contains(sentence, result.Error, StringComparison.Ordinal);
    }

    internal static JsonElement End(AgentRtResult result) => result.Lines.Last();

    internal static JsonElement Step(AgentRtResult result, string step) =>
        result.Lines.Single(e => e.GetProperty("type").GetString() == "step.completed" && e.GetProperty("step").GetString() == step);

    internal static int Number(JsonElement step, string cost) => step.GetProperty("cost").GetProperty(cost).GetInt32();
}
