using System.Text.Json;

namespace AgentRuntime.Comparison;

/// <summary>An engine's benchmark program; both take the same arguments and write the same JSON.</summary>
/// <param name="Name">How reports call it.</param>
/// <param name="Engine">The start of the command that tests prefill and decode.</param>
/// <param name="Steps">The start of the command that replays agent steps.</param>
internal sealed record Contestant(string Name, string[] Engine, string[] Steps)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Runs one repetition of the tests at a depth.</summary>
    public async Task<(IReadOnlyList<TestRow> Rows, double OtherCores)> TestAsync(string model, int threads, int depth, int prompt, int generate, int verify, CancellationToken cancellationToken)
    {
        string[] arguments = [model, "--threads", $"{threads}", "--depth", $"{depth}", "--prompt", $"{prompt}", "--generate", $"{generate}", "--verify", $"{verify}", "--repetitions", "1"];
        var outcome = await MeasuredProcess.RunAsync([.. Engine, .. arguments], cancellationToken).ConfigureAwait(false);
        return (JsonSerializer.Deserialize<TestRow[]>(outcome.Output, Json)!, outcome.OtherCores);
    }

    /// <summary>Replays agent steps.</summary>
    public async Task<StepsRun> StepsAsync(string model, int threads, string profile, CancellationToken cancellationToken)
    {
        var outcome = await MeasuredProcess.RunAsync([.. Steps, model, "--threads", $"{threads}", "--profile", profile], cancellationToken).ConfigureAwait(false);
        var lines = outcome.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        // The last line holds the totals.
        return new([.. lines.SkipLast(1).Select(line => JsonSerializer.Deserialize<StepRow>(line, Json)!)], outcome.PeakBytes, outcome.OtherCores);
    }
}
