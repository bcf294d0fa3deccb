using System.CommandLine;
using AgentRuntime.AgentHost.Journal;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Cli.Output;
using Spectre.Console;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt runs list|show|resume</c>.</summary>
internal static class RunsCommand
{
    public static Command Create() => new("runs", "Recorded runs. Example: agentrt runs show last") { List(), Show(), RunCommand.CreateResume() };

    private static Command List()
    {
        var json = new Option<bool>("--json") { Description = "A JSON object per run." };
        var limit = new Option<int>("--limit") { Description = "How many, the newest first.", DefaultValueFactory = _ => 20 };
        var command = new Command("list", "Lists recorded runs. Example: agentrt runs list --limit 5") { json, limit };
        command.SetAction(result =>
        {
            using var journal = new RunJournal(AppPaths.Journal);
            var output = result.InvocationConfiguration.Output;
            var runs = journal.List(result.GetValue(limit));
            if (result.GetValue(json))
            {
                foreach (var run in runs) JsonLines.Write(output, Json(run));
                return;
            }
            var table = new Table().Border(TableBorder.Simple).AddColumns("run", "status", "steps", "repository", "task");
            foreach (var run in runs) table.AddRow(run.Id, run.Status.ToString(), $"{run.Steps}", Markup.Escape(run.Repository), Markup.Escape(OneLine(run.Task)));
            Consoles.For(output).Write(table);
        });
        return command;
    }

    private static Command Show()
    {
        var run = new Argument<string>("RUN") { Description = "Id of the run, the beginning of it, or 'last'." };
        var json = new Option<bool>("--json") { Description = "One JSON document." };
        var command = new Command("show", "Shows a run's steps and timings. Example: agentrt runs show last") { run, json };
        command.SetAction(result =>
        {
            using var journal = new RunJournal(AppPaths.Journal);
            var recorded = journal.Load(result.GetRequiredValue(run));
            var output = result.InvocationConfiguration.Output;
            if (result.GetValue(json))
            {
                JsonLines.Write(output, new
                {
                    Run = Json(recorded.Summary),
                    Steps = recorded.Replies.Select((reply, i) => new
                    {
                        Step = i + 1,
                        reply.Message.Text,
                        Calls = recorded.Calls.Where(c => c.Step == i + 1).Select(c => new { c.Name, c.Arguments, c.Result, c.Ok, c.DurationMs }),
                    }),
                    recorded.Timings,
                });
                return;
            }
            var console = Consoles.For(output);
            var summary = recorded.Summary;
            console.WriteLine($"run {summary.Id} · {summary.Status} · {summary.Model} · {summary.Repository}\n{summary.Task}");
            for (var step = 1; step <= recorded.Replies.Count; step++)
            {
                console.MarkupLine($"[bold blue]step {step}[/] {Markup.Escape(recorded.Replies[step - 1].Message.Text.Trim())}");
                foreach (var call in recorded.Calls.Where(c => c.Step == step))
                {
                    console.MarkupLine($"  [yellow]{Markup.Escape(call.Name)}[/] {Markup.Escape(call.Arguments)}");
                    console.MarkupLine($"  [grey]{Markup.Escape(OneLine(call.Result ?? "(started, no result)"))}[/]");
                }
            }
            if (recorded.Timings.Count > 0) console.Write(StepTable.Create(recorded.Timings));
            if (summary.Answer is { } answer) console.WriteLine(answer);
        });
        return command;
    }

    private static object Json(RunSummary run) => new
    {
        run.Id,
        run.CreatedAt,
        run.UpdatedAt,
        Status = System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(run.Status.ToString()),
        run.Repository,
        run.Model,
        run.Task,
        run.Steps,
        run.Answer,
    };

    private static string OneLine(string text)
    {
        var line = text.ReplaceLineEndings(" ");
        return line.Length <= 100 ? line : line[..97] + "…";
    }
}
