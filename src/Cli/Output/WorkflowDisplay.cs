using System.Globalization;
using AgentRuntime.AgentHost.Workflows.Events;
using AgentRuntime.AgentHost.Workflows.Running;
using Spectre.Console;

namespace AgentRuntime.Cli.Output;

/// <summary>
/// Shows a workflow's run. On a terminal a table of the steps changes in place; elsewhere, and where a person may be asked,
/// there is a line for each thing that happens. At the end comes the timeline.
/// </summary>
/// <param name="console">Where to show it.</param>
/// <param name="run">Id of the run.</param>
/// <param name="live">Whether to change in place.</param>
internal sealed class WorkflowDisplay(IAnsiConsole console, string run, bool live)
{
    private static readonly TimeSpan RefreshTime = TimeSpan.FromMilliseconds(150);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, WorkflowRow> _rows = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];
    private WorkflowEvent? _end;

    /// <summary>Takes an event.</summary>
    public void Show(WorkflowEvent value)
    {
        using (_gate.EnterScope())
        {
            switch (value)
            {
                case WorkflowStarted e:
                    foreach (var step in e.Steps) Row(step);
                    Line($"[grey]{(e.Resumed ? "resuming run" : "run")} {run} · {Escape(e.Name)}[/]", always: true);
                    break;
                case WorkflowStepStarted e:
                    Row(e.Step).Started(e.Step);
                    Line($"[blue]▸[/] {Escape(e.Step)} [grey]{e.Kind}[/]");
                    break;
                case WorkflowStepRetrying e:
                    Row(e.Step).Note = $"attempt {e.Attempt} failed: {e.Error}";
                    Line($"[yellow]↻[/] {Escape(e.Step)} [grey]attempt {e.Attempt} failed, next in {Durations.Text(e.DelayMs)}:[/] {Escape(e.Error)}");
                    break;
                case WorkflowStepCompleted e:
                    Row(e.Step).Completed(e);
                    Line($"{Sign(e.Outcome)} {Escape(e.Step)} [grey]{(e.Recorded ? "recorded" : Durations.Text(e.DurationMs))}{Cost(e.Cost)}[/]{(e.Message is null ? "" : " " + Escape(e.Message))}");
                    break;
                case WorkflowCompleted or WorkflowFailed:
                    _end = value;
                    break;
            }
        }
    }

    /// <summary>Shows the run until it has ended, and then its timeline.</summary>
    public async Task WatchAsync(Task<WorkflowResult> result)
    {
        if (live)
        {
            await console.Live(Table()).StartAsync(async context =>
            {
                while (!result.IsCompleted)
                {
                    await Task.WhenAny(result, Task.Delay(RefreshTime)).ConfigureAwait(false);
                    context.UpdateTarget(Table());
                }
            }).ConfigureAwait(false);
        }
        else
        {
            await Task.WhenAny(result).ConfigureAwait(false);
        }
        if (_end is null) return;
        console.WriteLine();
        console.Write(WorkflowTimeline.Create([.. _order.Select(id => _rows[id])]));
        var (cost, ms) = _end is WorkflowCompleted done ? (done.Cost, done.TotalMs) : (((WorkflowFailed)_end).Cost, ((WorkflowFailed)_end).TotalMs);
        if (cost.Replies > 0)
        {
            console.MarkupLine(string.Create(
                CultureInfo.InvariantCulture,
                $"[grey]{cost.Replies} replies · {cost.PromptTokens:N0} prompt tokens, {cost.CachedTokens:N0} of them resident · {cost.ComputedTokens:N0} computed, {cost.OutputTokens:N0} of them generated[/]"));
        }
        console.MarkupLine(_end is WorkflowFailed failed
            ? $"[red]{Escape(failed.Message)}[/] [grey]agentrt workflow run --resume {run}[/]"
            : $"[green]done[/] in {Durations.Text(ms)}");
    }

    /// <summary>The row of a step: items and inner steps belong to the step of the workflow itself.</summary>
    private WorkflowRow Row(string step)
    {
        var id = step.Split('[', '/')[0];
        if (_rows.TryGetValue(id, out var row)) return row;
        _order.Add(id);
        return _rows[id] = new(id);
    }

    private Table Table()
    {
        var table = new Table().Border(TableBorder.None).HideHeaders().AddColumns("", "step", "time", "tokens", "note");
        using (_gate.EnterScope())
        {
            foreach (var row in _order.Select(id => _rows[id]))
            {
                table.AddRow(
                    row.Outcome is { } outcome ? Sign(outcome) : row.IsRunning ? "[blue]▸[/]" : "[grey]·[/]",
                    Escape(row.Id) + (row.Items is { } items ? $" [grey]{items}[/]" : ""),
                    row.IsRunning || row.Outcome is not null ? Durations.Text(row.Milliseconds) : "",
                    $"[grey]{Cost(row.Cost).TrimStart(' ', '·')}[/]",
                    Escape(row.Note));
            }
        }
        return table;
    }

    private void Line(string markup, bool always = false)
    {
        if (always || !live) console.MarkupLine(markup);
    }

    private static string Sign(string outcome) => outcome switch { "success" => "[green]✓[/]", "failure" => "[red]✗[/]", _ => "[grey]-[/]" };

    private static string Cost(StepCost? cost) => cost is null or { Replies: 0 } ? ""
        : string.Create(CultureInfo.InvariantCulture, $" · cached {cost.CachedTokens:N0} new {cost.NewTokens:N0} output {cost.OutputTokens:N0}");

    private static string Escape(string text) => Markup.Escape(VisibleText.Of(text).ReplaceLineEndings(" "));
}
