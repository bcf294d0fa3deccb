using System.Diagnostics;

namespace AgentRuntime.Comparison;

/// <summary>Runs a program and watches its memory and what else the machine does.</summary>
internal static class MeasuredProcess
{
    /// <exception cref="ComparisonException">The program could not be started or failed.</exception>
    public static async Task<ProcessOutcome> RunAsync(IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = new Process { StartInfo = start };
        var (clock, busy) = (Stopwatch.StartNew(), Machine.BusySeconds());
        try { process.Start(); }
        catch (System.ComponentModel.Win32Exception e) { throw new ComparisonException($"{command[0]} could not be started: {e.Message}."); }
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            var exit = process.WaitForExitAsync(cancellationToken);
            var (peak, used) = (0L, TimeSpan.Zero);
            while (await Task.WhenAny(exit, Task.Delay(100, cancellationToken)).ConfigureAwait(false) != exit)
            {
                try
                {
                    process.Refresh();
                    (peak, used) = (Math.Max(peak, process.PeakWorkingSet64), process.TotalProcessorTime);
                }
                catch (InvalidOperationException)
                {
                    break; // It has just ended.
                }
            }
            await exit.ConfigureAwait(false);
            if (process.ExitCode != 0)
                throw new ComparisonException($"'{string.Join(' ', command)}' ended with {process.ExitCode}: {(await errors.ConfigureAwait(false)).Trim()}");
            var others = (Machine.BusySeconds() - busy - used.TotalSeconds) / clock.Elapsed.TotalSeconds;
            return new(await output.ConfigureAwait(false), peak, Math.Max(0, others));
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
