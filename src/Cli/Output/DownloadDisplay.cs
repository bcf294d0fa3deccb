using AgentRuntime.Cli.Models;
using Spectre.Console;

namespace AgentRuntime.Cli.Output;

/// <summary>Shows a download on a terminal: a bar with amounts, speed and time left; notes above it.</summary>
internal sealed class DownloadDisplay(IAnsiConsole console, ProgressTask task, TimeProvider time) : IDownloadObserver
{
    private readonly TransferMeter _meter = new(time);

    /// <summary>Runs a download with a bar, which goes when it ends.</summary>
    public static Task<T> ShowAsync<T>(IAnsiConsole console, Func<IDownloadObserver, Task<T>> download) => console.Progress()
        .AutoClear(true)
        .Columns(new ProgressBarColumn { Width = 30 }, new PercentageColumn(), new TaskDescriptionColumn { Alignment = Justify.Left })
        .StartAsync(progress => download(new DownloadDisplay(console, progress.AddTask("asking for the list of files"), TimeProvider.System)));

    public void Progress(DownloadPhase phase, long done, long total)
    {
        // Bytes that lay on the disk say nothing about the network.
        if (phase == DownloadPhase.Downloading) _meter.Add(done);
        task.MaxValue = Math.Max(1, total);
        task.Value = done;
        task.Description = Describe(phase, done, total, _meter);
    }

    public void Note(string sentence) => console.MarkupLineInterpolated($"[yellow]{sentence}[/]");

    /// <summary>What stands behind the bar.</summary>
    public static string Describe(DownloadPhase phase, long done, long total, TransferMeter meter)
    {
        var amounts = $"{Sizes.Text(done)} of {Sizes.Text(total)}";
        if (phase == DownloadPhase.Checking) return amounts + " checked";
        return amounts + (meter.Speed > 0 ? $", {Sizes.Text(meter.Speed)}/s" : "") + (meter.TimeLeft(total) is { } left ? $", {Durations.Text(left.TotalMilliseconds)} left" : "");
    }
}
