using System.Globalization;
using AgentRuntime.AgentHost.Events;
using Spectre.Console;

namespace AgentRuntime.Cli.Output;

/// <summary>The table at the end of a run: what each step cost, in tokens and in milliseconds.</summary>
internal static class StepTable
{
    private static readonly string[] Columns = ["step", "prompt", "cached", "new", "out", "ttft", "prefill", "decode", "tools", "other"];

    /// <summary>A row per step and one for the totals.</summary>
    public static Table Create(IReadOnlyList<StepCompleted> steps)
    {
        var table = new Table().Border(TableBorder.Simple);
        table.Title = new("tokens · milliseconds to the first token, in prefill, decode, tools and the rest", new Style(Color.Grey));
        foreach (var column in Columns) table.AddColumn(new TableColumn(column).RightAligned().NoWrap().PadLeft(0).PadRight(1));
        foreach (var s in steps)
        {
            Add(table, Number(s.Step), s.PromptTokens, s.CachedTokens, s.NewTokens, s.OutputTokens,
                Milliseconds(s.TtftMs), s.PrefillMs, s.DecodeMs, s.ToolMs, s.OverheadMs);
        }
        Add(table, "sum", steps.Sum(s => s.PromptTokens), steps.Sum(s => s.CachedTokens), steps.Sum(s => s.NewTokens), steps.Sum(s => s.OutputTokens),
            "", steps.Sum(s => s.PrefillMs), steps.Sum(s => s.DecodeMs), steps.Sum(s => s.ToolMs), steps.Sum(s => s.OverheadMs));
        return table;
    }

    /// <summary>One line on what the resident cache saved.</summary>
    public static string Summary(RunTotals totals) => string.Create(
        CultureInfo.InvariantCulture,
        $"{totals.CachedShare:P1} of {totals.PromptTokens} prompt tokens came from the resident cache; {totals.ComputedTokens} tokens were computed for a context of {totals.ContextTokens} (amplification {totals.Amplification:0.000}).");

    private static void Add(Table table, string name, int prompt, int cached, int fresh, int output, string first, params double[] times) =>
        table.AddRow([name, Number(prompt), Number(cached), Number(fresh), Number(output), first, .. times.Select(Milliseconds)]);

    private static string Milliseconds(double value) => value.ToString(value < 100 ? "0.0" : "N0", CultureInfo.InvariantCulture);

    private static string Number(int value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
