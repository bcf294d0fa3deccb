using System.Globalization;

namespace AgentRuntime.Comparison;

/// <summary>Runs both engines alternately; the report is written anew after each test, so that a run cut short leaves what it measured.</summary>
/// <param name="options">What to compare.</param>
public sealed class ComparisonRun(ComparisonOptions options)
{
    private const int Prompt = 512, DeepPrompt = 256, Generate = 64, Verify = 8;
    private readonly string _agentrt = Path.GetFullPath(Path.Combine("src", "Cli", "bin", "Release", "net10.0", OperatingSystem.IsWindows() ? "agentrt.exe" : "agentrt"));
    private readonly string _peer = Path.GetFullPath(Path.Combine("bench", "peers", "llama", "peer.mjs"));

    /// <summary>Runs the comparison in the current folder, the repository's root.</summary>
    /// <exception cref="ComparisonException">A program could not be run.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(_agentrt) || !File.Exists(_peer)) throw new ComparisonException("Run this from the repository's root, as bench/compare.");
        Directory.CreateDirectory(options.Cache);
        Directory.CreateDirectory(options.Output);
        Contestant[] contestants =
        [
            new("agentrt", [_agentrt, "bench", "engine", "--json"], [_agentrt, "bench", "steps"]),
            new("llama.cpp", ["node", _peer, "engine", "--cache", options.Cache], ["node", _peer, "steps"]),
        ];
        var about = (await MeasuredProcess.RunAsync(["node", _peer, "about"], cancellationToken).ConfigureAwait(false)).Output.Trim();
        var date = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var report = new Report(options, about, date, Prompt, DeepPrompt, Generate, Verify);
        var saved = options.Resume ?? Path.Combine(options.Cache, $"{date}-llama.cpp.json");
        var results = options.Resume is null ? [] : SavedResults.Load(saved);
        void Save()
        {
            SavedResults.Save(saved, results);
            var names = contestants.Select(c => c.Name).ToArray();
            var plot = $"{date}-llama.cpp.png";
            if (results.Any(result => result.Steps[1].Count > 0)) StepPlot.Write(Path.Combine(options.Output, plot), results, names);
            File.WriteAllText(Path.Combine(options.Output, $"{date}-llama.cpp.md"), report.Write(results, plot));
        }
        foreach (var choice in options.Models)
        {
            var model = await SynthesizeAsync(choice, cancellationToken).ConfigureAwait(false);
            var result = results.Find(result => result.Model == choice);
            if (result is null) results.Add(result = new(choice, new FileInfo(model).Length));
            for (var round = 0; round < options.Rounds; round++)
            {
                foreach (var depth in new[] { 0, options.Depth })
                {
                    if (result.Rounds(depth) > round) continue;
                    await Console.Error.WriteLineAsync($"{DateTime.UtcNow:HH:mm:ss} {choice}: round {round + 1} at depth {depth}").ConfigureAwait(false);
                    await Machine.WaitForQuietAsync(options.Patience, cancellationToken).ConfigureAwait(false);
                    List<(int Contestant, IReadOnlyList<TestRow> Rows, double Others)> measured = [];
                    var bandwidth = 0.0;
                    foreach (var i in Order(round))
                    {
                        // Directly before and after agentrt runs: what the memory gives changes within minutes.
                        if (i == 0 && depth == 0) bandwidth = BandwidthProbe.Measure(options.Threads) / 2;
                        var (rows, others) = await contestants[i].TestAsync(
                            model, options.Threads, depth, depth == 0 ? Prompt : DeepPrompt, Generate, depth == 0 ? Verify : 0, cancellationToken).ConfigureAwait(false);
                        if (i == 0 && depth == 0) bandwidth += BandwidthProbe.Measure(options.Threads) / 2;
                        measured.Add((i, rows, others));
                    }
                    foreach (var (i, rows, others) in measured) result.Add(i, rows, others);
                    if (depth == 0) result.Bandwidth.Add(bandwidth);
                    Save();
                }
            }
            for (var round = result.Steps[1].Count; round < options.StepRounds; round++)
            {
                await Console.Error.WriteLineAsync($"{DateTime.UtcNow:HH:mm:ss} {choice}: agent steps, round {round + 1}").ConfigureAwait(false);
                await Machine.WaitForQuietAsync(options.Patience, cancellationToken).ConfigureAwait(false);
                var runs = new StepsRun[contestants.Length];
                foreach (var i in Order(round)) runs[i] = await contestants[i].StepsAsync(model, options.Threads, options.Profile, cancellationToken).ConfigureAwait(false);
                for (var i = 0; i < runs.Length; i++) result.Steps[i].Add(runs[i]);
                Save();
            }
        }
        Save();
    }

    /// <summary>Who goes first alternates.</summary>
    private static int[] Order(int round) => round % 2 == 0 ? [0, 1] : [1, 0];

    private async Task<string> SynthesizeAsync(ModelChoice choice, CancellationToken cancellationToken)
    {
        var file = Path.Combine(options.Cache, $"{choice.Shape}-{choice.Quantization}.gguf");
        if (!File.Exists(file))
        {
            // Under another name until it is whole.
            await MeasuredProcess.RunAsync([_agentrt, "model", "synthesize", "--shape", choice.Shape, "--quant", choice.Quantization, "-o", file + ".part"], cancellationToken).ConfigureAwait(false);
            File.Move(file + ".part", file);
        }
        return file;
    }
}
