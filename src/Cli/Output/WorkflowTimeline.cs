using Spectre.Console;

namespace AgentRuntime.Cli.Output;

/// <summary>The timeline at the end of a workflow's run: when each step ran, and what its models cost.</summary>
internal static class WorkflowTimeline
{
    private const int Width = 30;

    /// <summary>A row per step.</summary>
    public static Table Create(IReadOnlyList<WorkflowRow> rows)
    {
        var total = Math.Max(1, rows.Where(r => r.Outcome is not null).Select(r => r.StartMs + r.Milliseconds).DefaultIfEmpty(1).Max());
        var models = rows.Any(r => r.Cost.Replies > 0);
        var table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("step").NoWrap()).AddColumn(new TableColumn("").NoWrap().Width(Width)).AddColumn(new TableColumn("time").RightAligned().NoWrap());
        if (models) foreach (var name in (string[])["cached", "new", "output"]) table.AddColumn(new TableColumn(name).RightAligned().NoWrap());
        foreach (var row in rows)
        {
            List<string> cells = [Markup.Escape(VisibleText.Of(row.Id)), Bar(row, total), row.Outcome is null ? "" : row.Recorded ? "recorded" : row.Outcome == "skipped" ? "skipped" : Durations.Text(row.Milliseconds)];
            if (models) cells.AddRange(row.Cost.Replies == 0 ? ["", "", ""] : [$"{row.Cost.CachedTokens}", $"{row.Cost.NewTokens}", $"{row.Cost.OutputTokens}"]);
            table.AddRow([.. cells]);
        }
        return table;
    }

    private static string Bar(WorkflowRow row, double total)
    {
        if (row.Outcome is null or "skipped" || row.Recorded) return "";
        var start = Math.Clamp((int)(row.StartMs / total * Width), 0, Width - 1);
        var length = Math.Clamp((int)Math.Round(row.Milliseconds / total * Width), 1, Width - start);
        return new string(' ', start) + $"[{(row.Outcome == "success" ? "green" : "red")}]{new string('━', length)}[/]";
    }
}
