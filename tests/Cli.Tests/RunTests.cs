using System.Text.Json;

namespace AgentRuntime.Cli.Tests;

/// <summary>The main job with the bundled model, as a process.</summary>
public sealed class RunTests : IDisposable
{
    private const string Task = "The tests fail. Find the cause and fix it.";
    private readonly TinyCoderRepository _repository = new();
    private readonly AgentRt _agentrt;

    public RunTests() => _agentrt = new() { ExtraPath = _repository.Programs };

    public void Dispose()
    {
        _agentrt.Dispose();
        _repository.Dispose();
    }

    [Fact]
    public async Task Fixes_the_repository_and_pays_for_new_tokens_only()
    {
        var result = await RunAsync(Task);

        Assert.Equal((0, true), (result.ExitCode, _repository.IsFixed));
        var events = result.Lines.ToList();
        Assert.Equal("run.started", Type(events[0]));
        var end = events[^1];
        Assert.Equal(("run.completed", "completed"), (Type(end), end.GetProperty("status").GetString()));
        Assert.InRange(end.GetProperty("totals").GetProperty("amplification").GetDouble(), 0.5, 1.01);

        // Everything but the one token that was sampled last is resident when the next step begins.
        var steps = events.Where(e => Type(e) == "step.completed").ToList();
        Assert.True(steps.Count >= 4);
        Assert.All(steps.Zip(steps.Skip(1)), pair => Assert.Equal(
            Number(pair.First, "prompt_tokens") + Number(pair.First, "output_tokens") - 1, Number(pair.Second, "cached_tokens")));
    }

    [Fact]
    public async Task Journal_shows_the_run_and_refuses_to_resume_it()
    {
        await RunAsync(Task);
        var show = await _agentrt.RunAsync("runs", "show", "last", "--json");
        var run = show.Lines.Single();
        Assert.Equal("completed", run.GetProperty("run").GetProperty("status").GetString());
        Assert.Contains(run.GetProperty("steps").EnumerateArray(), s => s.GetProperty("calls").EnumerateArray().Any(c => c.GetProperty("name").GetString() == "edit_file"));
        Assert.Equal(2, (await _agentrt.RunAsync("runs", "resume", "last", "--approval", "auto", "--sandbox", "off")).ExitCode);
        Assert.Single((await _agentrt.RunAsync("runs", "list", "--json")).Lines);
    }

    [Fact]
    public async Task Never_approving_leaves_the_repository_alone()
    {
        var before = _repository.State();
        var result = await _agentrt.RunAsync("run", "--repo", _repository.Folder, "--approval", "never", "--max-steps", "3", "--json", Task);
        Assert.Equal((before, 0), (_repository.State(), _repository.Count("start")));
        Assert.Contains(result.Lines, e => Type(e) == "tool.completed" && !e.GetProperty("ok").GetBoolean());
    }

    [Fact]
    public async Task Step_limit_fails_and_the_rest_is_resumed()
    {
        var first = await RunAsync(Task, "--max-steps", "2");
        Assert.Equal(1, first.ExitCode);
        Assert.Equal("step_limit", first.Lines.Last().GetProperty("status").GetString());
        var second = await _agentrt.RunAsync("runs", "resume", "last", "--approval", "auto", "--sandbox", "off", "--json");
        Assert.Equal((0, true), (second.ExitCode, _repository.IsFixed));
        Assert.Equal(2, _repository.Count("end"));
    }

    private Task<AgentRtResult> RunAsync(string task, params string[] more) =>
        _agentrt.RunAsync(["run", "--repo", _repository.Folder, "--approval", "auto", "--sandbox", "off", "--json", .. more, task]);

    private static string? Type(JsonElement e) => e.GetProperty("type").GetString();

    private static int Number(JsonElement e, string name) => e.GetProperty(name).GetInt32();
}
