using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using AgentRuntime.Tools.Sandbox;

namespace AgentRuntime.Cli.Tests.Commands;

/// <summary>kill -9 at any moment of a workflow of twelve steps: resumed, it gives the same outputs, and no step that had succeeded ran again.</summary>
public sealed class WorkflowKillTests
{
    // AGENTRT_KILLS=30 makes the long form of this test.
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("AGENTRT_KILLS") ?? "3", CultureInfo.InvariantCulture);

    // Every command notes its start in a file, so that a second one shows.
    private const string Workflow = """
        version: 1
        name: Twelve steps
        outputs:
          all: ["${{ steps.c4.outputs.text }}", "${{ steps.p2.outputs.json }}", "${{ steps.items.outputs.text }}", "${{ steps.talk2.outputs.text }}"]
        steps:
          c1: {run: "echo c1 >> log; sleep 0.05; echo one"}
          c2: {run: "echo c2 >> log; sleep 0.1; echo two"}
          c3: {needs: [c1, c2], run: "echo c3 >> log; echo three ${{ steps.c1.outputs.text }}"}
          list: {uses: list_files, with: {path: files}}
          items: {needs: [list, c3], foreach: "${{ lines(steps.list.outputs.text) }}", run: "echo ${{ item }} >> log; sleep 0.05; cat ${{ item }}"}
          write: {needs: items, uses: write_file, with: {path: out.txt, content: "${{ join(steps.items.outputs.text) }}"}}
          p1: {needs: c3, prompt: "Read this: ${{ steps.c3.outputs.text }}", max-tokens: 12}
          p2: {needs: [p1, items], foreach: "${{ steps.items.outputs.text }}", session: "fork:p1", prompt: "Judge ${{ item }}", schema: {enum: [good, bad]}}
          talk1: {needs: c2, session: "shared:talk", prompt: Begin, max-tokens: 8}
          talk2: {needs: talk1, session: "shared:talk", prompt: Go on, max-tokens: 8}
          agent: {needs: [write, talk2], agent: {task: Rename MaxPrice to MaxCost everywhere., tools: [search, read_file], max-steps: 2}, max-tokens: 80, continue-on-error: true}
          c4: {needs: [agent, p2, write], run: "echo c4 >> log; cat out.txt"}
        """;

    [Fact]
    public async Task A_killed_run_resumes_to_the_same_outputs()
    {
        Assert.SkipUnless(SandboxProbe.Status.Works, "Without a sandbox a killed run's command outlives it: " + SandboxProbe.Status.Detail);
        var (outputs, duration) = await UndisturbedAsync();
        var random = new Random(11);
        var (finished, repeated, spared) = (0, 0, 0);
        for (var i = 0; i < Kills; i++)
        {
            var (done, twice, recorded) = await KillAndResumeAsync(random.NextDouble() * duration, outputs);
            (finished, repeated, spared) = (finished + (done ? 1 : 0), repeated + twice, spared + recorded);
        }
        TestContext.Current.SendDiagnosticMessage(
            $"{Kills} kills within {duration:0} ms; {finished} came after the end; {spared} steps and items were spared, {repeated} that were under way ran again.");
    }

    private static async Task<(string Outputs, double Duration)> UndisturbedAsync()
    {
        using var folder = Create();
        var result = await RunAsync(folder, folder.At("twelve.yaml"));
        Assert.True(result.ExitCode == 0, result.Error + result.Output);
        var end = result.Lines.Last();
        return (end.GetProperty("outputs").GetRawText(), end.GetProperty("total_ms").GetDouble());
    }

    private static async Task<(bool Finished, int Repeated, int Spared)> KillAndResumeAsync(double afterMs, string outputs)
    {
        using var folder = Create();
        List<string> lines = [];
        using (var process = folder.AgentRt.Start(Arguments(folder, folder.At("twelve.yaml"))))
        {
            // The clock of the run begins with its first event; loading the program before it is no moment of the workflow.
            lines.Add((await process.StandardOutput.ReadLineAsync())!);
            var start = Stopwatch.GetTimestamp();
            var reading = Task.Run(async () =>
            {
                while (await process.StandardOutput.ReadLineAsync() is { } line) lines.Add(line);
            });
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Max(0, afterMs - Stopwatch.GetElapsedTime(start).TotalMilliseconds)));
            process.Kill();
            await process.WaitForExitAsync();
            await reading;
        }
        var before = Succeeded(lines.Where(IsWhole));

        var resumed = await RunAsync(folder, "--resume", "last");
        if (resumed.ExitCode == 2)
        {
            Assert.Contains("is complete", resumed.Error, StringComparison.Ordinal);
            Assert.Equal(outputs, JsonDocument.Parse(lines[^1]).RootElement.GetProperty("outputs").GetRawText());
            return (true, 0, 0);
        }
        Assert.True(resumed.ExitCode == 0, resumed.Error + resumed.Output);
        var after = resumed.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(outputs, JsonDocument.Parse(after[^1]).RootElement.GetProperty("outputs").GetRawText());

        var began = after.Select(Parse).Where(e => Type(e) == "step.started").Select(Name).ToHashSet();
        Assert.DoesNotContain(before, began.Contains);
        var recorded = after.Select(Parse).Where(e => Type(e) == "step.completed" && e.GetProperty("recorded").GetBoolean()).Select(Name).ToHashSet();
        Assert.Subset(recorded, before.Where(n => n is not "agent" && !IsWholeOfItems(n)).ToHashSet());

        var counts = File.ReadAllLines(folder.At("log")).CountBy(l => l).ToDictionary(c => c.Key, c => c.Value);
        foreach (var (name, count) in counts)
        {
            var step = name.StartsWith("files/", StringComparison.Ordinal) ? $"items[{int.Parse(name["files/".Length..^".txt".Length], CultureInfo.InvariantCulture)}]" : name;
            Assert.InRange(count, 1, recorded.Contains(step) ? 1 : 2);
        }
        return (false, counts.Values.Sum(c => c - 1), recorded.Count);
    }

    private static bool IsWholeOfItems(string step) => step is "items" or "p2";

    private static WorkflowFolder Create()
    {
        var folder = new WorkflowFolder();
        File.WriteAllText(folder.At("twelve.yaml"), Workflow);
        Directory.CreateDirectory(folder.At("files"));
        for (var i = 0; i < 4; i++) File.WriteAllText(folder.At($"files/{i}.txt"), $"file {i}");
        return folder;
    }

    private static Task<AgentRtResult> RunAsync(WorkflowFolder folder, params string[] arguments) => folder.AgentRt.RunAsync(Arguments(folder, arguments));

    private static string[] Arguments(WorkflowFolder folder, params string[] arguments) => ["workflow", "run", .. arguments, "--repo", folder.Folder, "--approval", "auto", "--json"];

    private static bool IsWhole(string line) => line.EndsWith('}');

    private static HashSet<string> Succeeded(IEnumerable<string> lines) =>
        [.. lines.Select(Parse).Where(e => Type(e) == "step.completed" && e.GetProperty("outcome").GetString() == "success").Select(Name)];

    private static JsonElement Parse(string line) => JsonDocument.Parse(line).RootElement;

    private static string Type(JsonElement e) => e.GetProperty("type").GetString()!;

    private static string Name(JsonElement e) => e.GetProperty("step").GetString()!;
}
