using System.Globalization;

namespace AgentRuntime.Server.Tests.Load;

/// <summary>Alone, so that nothing else is measured with it.</summary>
[Collection(nameof(LoadTests))]
[CollectionDefinition(nameof(LoadTests), DisableParallelization = true)]
public sealed class LoadTests
{
    [Fact]
    public async Task Many_clients_some_slow_some_cut_off_leave_nothing_behind()
    {
        var seconds = Environment.GetEnvironmentVariable("AGENTRT_LOAD_SECONDS") is { Length: > 0 } set ? double.Parse(set, CultureInfo.InvariantCulture) : 3;
        var run = await LoadRun.RunAsync(TimeSpan.FromSeconds(seconds), Environment.GetEnvironmentVariable("AGENTRT_LOAD_MODEL"));
        if (Environment.GetEnvironmentVariable("AGENTRT_LOAD_REPORT") is { Length: > 0 } report) await File.WriteAllTextAsync(report, run.Report());

        Assert.Equal(0, run.BlocksHeld);
        Assert.True(run.Completed > 0 && run.Cut > 0, $"{run.Completed} completed, {run.Cut} cut off");
        Assert.True(run.LiveBytes[9] < run.LiveBytes[4] + 20_000_000, $"live bytes grew from {run.LiveBytes[4]} to {run.LiveBytes[9]}");
        // On a machine that others use too, the time says nothing.
        if (seconds >= 30) Assert.InRange(LoadRun.Percentile(run.DeliverOverhead, 0.99), 0, 0.010);
        if (seconds >= 30) Assert.InRange(LoadRun.Percentile(run.RequestOverhead, 0.99), 0, 0.010);
    }
}
