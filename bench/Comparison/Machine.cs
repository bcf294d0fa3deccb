using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace AgentRuntime.Comparison;

/// <summary>What this machine is, and how busy.</summary>
internal static class Machine
{
    /// <summary>Processor, cores, memory and system in one line.</summary>
    public static string Describe()
    {
        string? Field(string file, string name) => File.Exists(file)
            ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim() : null;
        var processor = Field("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString();
        var family = Field("/proc/cpuinfo", "cpu family") is { } number ? $" (family {number}, model {Field("/proc/cpuinfo", "model\t")})" : "";
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1 << 30);
        return string.Create(CultureInfo.InvariantCulture, $"{processor}{family}, {Environment.ProcessorCount} cores, {memory:F0} GiB, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}");
    }

    /// <summary>Waits until other programs leave the cores alone for a second, or until the patience is at its end.</summary>
    public static async Task WaitForQuietAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed < patience;)
        {
            var (busy, start) = (BusySeconds(), clock.Elapsed);
            await Task.Delay(1000, cancellationToken).ConfigureAwait(false);
            if ((BusySeconds() - busy) / (clock.Elapsed - start).TotalSeconds <= Sample.QuietCores) return;
        }
    }

    /// <summary>Seconds that all cores together have been busy since the start; 0 where the system does not tell.</summary>
    public static double BusySeconds()
    {
        if (!File.Exists("/proc/stat")) return 0;
        // user, nice, system, idle, iowait, irq, softirq, steal in hundredths of a second.
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(8)
            .Select(field => long.Parse(field, CultureInfo.InvariantCulture)).ToArray();
        return (fields.Sum() - fields[3] - fields[4]) / 100.0;
    }
}
