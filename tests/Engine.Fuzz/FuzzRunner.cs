using System.Diagnostics;

namespace AgentRuntime.Engine.Fuzz;

/// <summary>Runs many mutated inputs against a target and holds each to the limits.</summary>
internal static class FuzzRunner
{
    /// <summary>Most time that one case may take.</summary>
    public static readonly TimeSpan MostTime = TimeSpan.FromSeconds(1);

    private const int MostFailures = 20;

    /// <summary>Runs cases <paramref name="first"/> to <paramref name="first"/> + <paramref name="cases"/> - 1; each case's number is its seed.</summary>
    public static FuzzReport Run(IFuzzTarget target, int first, int cases)
    {
        var report = new FuzzReport { Target = target.Name, First = first, MostBytes = target.MostBytes };
        foreach (var seed in target.Seeds)
            if (!target.Run(seed)) throw new InvalidOperationException($"The target {target.Name} refuses one of its own seeds.");
        var clock = Stopwatch.StartNew();
        for (var number = first; number < first + cases && report.Failures.Count < MostFailures; number++)
            RunCase(target, number, report);
        report.Elapsed = clock.Elapsed;
        using var process = Process.GetCurrentProcess();
        report.PeakProcessBytes = process.PeakWorkingSet64;
        return report;
    }

    private static void RunCase(IFuzzTarget target, int number, FuzzReport report)
    {
        var input = new Mutator(target, number).Next();
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var started = Stopwatch.GetTimestamp();
        string? failure = null;
        try
        {
            if (Accepts(target, input)) report.Accepted++;
            else report.Refused++;
        }
        catch (Exception e)
        {
            failure = $"{e.GetType().Name}: {e.Message}";
        }
        var time = Stopwatch.GetElapsedTime(started);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        report.LongestCase = time > report.LongestCase ? time : report.LongestCase;
        report.LargestAllocation = Math.Max(report.LargestAllocation, allocated);
        report.Cases++;
        report.LongestInput = Math.Max(report.LongestInput, input.Length);
        if (time > MostTime) failure ??= $"took {time.TotalSeconds:0.0} s";
        if (allocated > target.MostBytes) failure ??= $"allocated {allocated >> 20} MiB";
        if (failure is not null) report.Failures.Add((number, failure));
    }

    private static bool Accepts(IFuzzTarget target, byte[] input)
    {
        try
        {
            return target.Run(input);
        }
        catch (EngineException)
        {
            return false;
        }
    }
}
