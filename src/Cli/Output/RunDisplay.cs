using System.Text.Json;
using AgentRuntime.AgentHost.Events;
using Spectre.Console;

namespace AgentRuntime.Cli.Output;

/// <summary>Shows a run as it happens: each step's text as it streams, its tool calls, edits as coloured diffs, and the table at the end.</summary>
internal sealed class RunDisplay(IAnsiConsole console)
{
    private const int MaxResultLines = 12;
    private static readonly Style Quiet = new(Color.Grey);
    private readonly List<StepCompleted> _steps = [];
    private bool _lineOpen;
    private bool _outputShown;

    /// <summary>Shows an event.</summary>
    public void Show(AgentEvent value)
    {
        switch (value)
        {
            case RunStarted e: Line($"[grey]{(e.Resumed ? "resuming run" : "run")} {e.Run} · {Markup.Escape(e.Model)} · {Markup.Escape(e.Repository)}[/]"); break;
            case StepStarted e: Line($"[bold blue]step {e.Step}[/]"); break;
            case MessageDelta e: Text(e.Text, e.Reasoning ? Quiet : Style.Plain); break;
            case ToolStarted e: _outputShown = false; Line($"[yellow]{Markup.Escape(VisibleText.Of(e.Name))}[/] {Markup.Escape(VisibleText.Of(Arguments(e.Arguments)))}"); break;
            case ToolOutput e: _outputShown = true; Text(e.Text, Quiet); break;
            case ToolCompleted e: Completed(e); break;
            case StepCompleted e: _steps.Add(e); Line($"[grey]{Cost(e)}[/]"); break;
            case RunCompleted e: End(e.Totals, $"[green]done[/] in {Durations.Text(e.TotalMs)}, {e.Steps} steps"); break;
            case RunFailed e: End(e.Totals, $"[red]{Markup.Escape(VisibleText.Of(e.Message))}[/]{(e.Resumable ? $" [grey]agentrt runs resume {e.Run}[/]" : "")}"); break;
        }
    }

    private void Completed(ToolCompleted e)
    {
        if (e.Diff is { Length: > 0 } diff) Diffs.Write(console, diff);
        else if (!_outputShown || !e.Ok) Result(e.Result, e.Ok);
        Line($"{(e.Ok ? "[green]ok[/]" : "[red]error[/]")} [grey]{Durations.Text(e.DurationMs)}[/]");
    }

    private void Result(string text, bool ok)
    {
        var lines = VisibleText.Of(text).Split('\n');
        foreach (var line in lines.Take(MaxResultLines)) Line($"[{(ok ? "grey" : "red")}]{Markup.Escape(line)}[/]");
        if (lines.Length > MaxResultLines) Line($"[grey]… {lines.Length - MaxResultLines} more lines[/]");
    }

    private void End(RunTotals totals, string ending)
    {
        Line("");
        if (_steps.Count > 0)
        {
            console.Write(StepTable.Create(_steps));
            Line(StepTable.Summary(totals));
        }
        Line(ending);
    }

    private void Line(string markup)
    {
        if (_lineOpen) console.WriteLine();
        _lineOpen = false;
        console.MarkupLine(markup);
    }

    private void Text(string text, Style style)
    {
        console.Write(new Text(VisibleText.Of(text), style));
        _lineOpen = !text.EndsWith('\n');
    }

    private static string Cost(StepCompleted e) =>
        $"prompt {e.PromptTokens} · cached {e.CachedTokens} · new {e.NewTokens} · output {e.OutputTokens} · first token {Durations.Text(e.TtftMs)} · " +
        $"prefill {Durations.Text(e.PrefillMs)} · decode {Durations.Text(e.DecodeMs)} · tools {Durations.Text(e.ToolMs)} · overhead {Durations.Text(e.OverheadMs)}";

    /// <summary>Arguments on one line, long ones cut: the diff or the result shows the rest.</summary>
    private static string Arguments(string json)
    {
        using var document = JsonDocument.Parse(json);
        return string.Join(' ', document.RootElement.EnumerateObject().Select(p => $"{p.Name}={Short(p.Value.ToString().ReplaceLineEndings("⏎"))}"));
    }

    private static string Short(string text) => text.Length <= 60 ? text : text[..57] + "…";
}
