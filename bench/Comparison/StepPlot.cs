using ScottPlot;

namespace AgentRuntime.Comparison;

/// <summary>Draws time per step against the length of the conversation.</summary>
internal static class StepPlot
{
    public static void Write(string file, IReadOnlyList<ModelResult> results, IReadOnlyList<string> names)
    {
        using var plot = new Plot();
        foreach (var result in results)
        {
            for (var contestant = 0; contestant < names.Count; contestant++)
            {
                var runs = result.Steps[contestant];
                if (runs.Count == 0) continue;
                var steps = runs[0].Rows.Skip(1).Select((row, i) => (row.Context, Seconds: Spread.Of(runs.Select(run => run.Rows[i + 1].WallMs / 1000)).Median)).ToArray();
                var line = plot.Add.Scatter(steps.Select(step => (double)step.Context).ToArray(), steps.Select(step => step.Seconds).ToArray());
                line.LegendText = $"{names[contestant]}, {result.Model}";
                line.LineWidth = 2;
                line.LinePattern = contestant == 0 ? LinePattern.Solid : LinePattern.Dashed;
            }
        }
        plot.Title("Time of an agent step on a resident prefix");
        plot.XLabel("tokens in the conversation");
        plot.YLabel("seconds a step");
        plot.Axes.SetLimitsY(0, plot.Axes.GetLimits().Top);
        plot.ShowLegend(Alignment.UpperLeft);
        plot.SavePng(file, 1000, 600);
    }
}
