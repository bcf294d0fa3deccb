using System.Globalization;
using System.Text;

namespace AgentRuntime.Comparison;

/// <summary>The Markdown report.</summary>
internal sealed class Report(ComparisonOptions options, string peer, string date, int prompt, int deepPrompt, int generate, int verify)
{
    // llama.cpp's own benchmark (v0.5.0, Qwen2.5-0.5B shape, Q8_0, 2 threads of the development machine), tokens per second.
    // A binding costs it decode speed; scaled by prefill, which agrees, these say what it would reach by itself.
    private const double OwnPrefill = 364, OwnDecode = 65, OwnDeepDecode = 26;

    public string Write(IReadOnlyList<ModelResult> results, string plot)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"""
            # agentrt and llama.cpp, {date}

            `bench/compare --rounds {options.Rounds} --step-rounds {options.StepRounds} --threads {options.Threads} --depth {options.Depth} --profile {options.Profile}`

            - Machine: {Machine.Describe()}
            - llama.cpp through node-llama-cpp, its prebuilt library, the native context called directly: `{peer}`
            - Models: random weights in real shapes. Random token ids, end of sequence ignored, F16 KV cache, {options.Threads} threads, batches of 512.
            - Each round runs both programs one after the other, the first of them alternating; each test is warmed up once, then timed once.
              A cell shows the median over the rounds (least–greatest). The ratio is the median of the rounds' ratios, so that drift cancels.
              Above 1 agentrt is faster; for times and memory below 1 is better.
            - A round counts where other programs used at most 0.15 cores beside either engine. Where no round was so quiet, all are
              shown and nothing is judged: threads that wait for each other lose far more than the share that is taken away.


            """);
        foreach (var result in results) WriteModel(text, result);
        if (results.Any(result => result.Steps[1].Count > 0)) text.Append(CultureInfo.InvariantCulture, $"![Time of an agent step against the length of the conversation]({plot})\n");
        return text.ToString();
    }

    private void WriteModel(StringBuilder text, ModelResult result)
    {
        text.Append(CultureInfo.InvariantCulture, $"## {result.Model}\n\n| | agentrt | llama.cpp | ratio | target | | quiet rounds |\n|---|---|---|---|---|---|---|\n");
        Rate(text, result, ("prefill", prompt, 0), "tokens/s", 1.3);
        Rate(text, result, ("prefill", deepPrompt, options.Depth), "tokens/s", 1.8);
        Rate(text, result, ("decode", generate, 0), "tokens/s", 1.12);
        Rate(text, result, ("decode", generate, options.Depth), "tokens/s", 2.2);
        Rate(text, result, ("verify", verify, 0), "tokens/s", null);
        if (result.Steps[0].Count > 0 && result.Steps[1].Count > 0)
        {
            Row(text, $"agent steps `{options.Profile}` after the first, s", Samples(result.Steps, run => new(run.SecondsAfterFirst, run.OtherCores)), 0.5, atMost: true);
            // How busy the machine is does not change what a process holds.
            Row(text, "peak memory of the steps, MiB", Samples(result.Steps, run => new(run.PeakBytes / (double)(1 << 20), 0)), 1.1, atMost: true);
        }
        text.Append('\n');
        Facts(text, result);
        text.Append('\n');
    }

    private static List<Sample>[] Samples(List<StepsRun>[] runs, Func<StepsRun, Sample> value) => [.. runs.Select(all => all.Select(value).ToList())];

    private static void Rate(StringBuilder text, ModelResult result, (string Test, int Tokens, int Depth) key, string unit, double? target)
    {
        if (result.Rates.TryGetValue(key, out var rates) && rates.All(all => all.Count > 0))
            Row(text, $"{key.Test} {key.Tokens} at depth {key.Depth:N0}, {unit}", rates, target, atMost: false);
    }

    private static void Row(StringBuilder text, string name, List<Sample>[] samples, double? target, bool atMost)
    {
        var rounds = samples[0].Zip(samples[1]).ToList();
        var quiet = rounds.Where(round => round.First.Quiet && round.Second.Quiet).ToList();
        var used = quiet.Count > 0 ? quiet : rounds;
        var ratio = Spread.Of(used.Select(round => round.First.Value / round.Second.Value)).Median;
        string Cell(IEnumerable<double> all) => Spread.Of(all) is var s && used.Count > 1 ? $"{Number(s.Median)} ({Number(s.Min)}–{Number(s.Max)})" : Number(s.Median);
        var (wanted, verdict) = ("", "");
        if (target is { } goal)
        {
            wanted = $"{(atMost ? "≤" : "≥")} {Number(goal)}";
            verdict = quiet.Count == 0 ? "not judged" : (atMost ? ratio <= goal : ratio >= goal) ? "met" : "missed";
        }
        text.Append(CultureInfo.InvariantCulture, $"| {name} | {Cell(used.Select(r => r.First.Value))} | {Cell(used.Select(r => r.Second.Value))} | {ratio:F2} | {wanted} | {verdict} | {quiet.Count} of {rounds.Count} |\n");
    }

    private void Facts(StringBuilder text, ModelResult result)
    {
        if (Median(result, ("decode", generate, 0), 0) is { } decode && Median(result, ("decode", generate, 0), 1) is { } peerDecode)
        {
            var (bandwidth, share) = (Spread.Of(result.Bandwidth), Spread.Of(BandwidthShares(result)));
            text.Append(CultureInfo.InvariantCulture, $"- Decoding reads {result.FileBytes / 1e6:F0} MB a token: {decode * result.FileBytes / 1e9:F1} GB/s, {share.Median:P0} ({share.Min:P0}–{share.Max:P0}) of what a plain read loop reached directly before and after it, {bandwidth.Median / 1e9:F1} ({bandwidth.Min / 1e9:F1}–{bandwidth.Max / 1e9:F1}) GB/s (target for Q8_0: 85%).\n");
            if (Median(result, ("verify", verify, 0), 0) is { } verified && Median(result, ("verify", verify, 0), 1) is { } peerVerified)
                text.Append(CultureInfo.InvariantCulture, $"- Verifying {verify} tokens takes {verify * decode / verified:F2} times as long as decoding one (target: 1.8). llama.cpp: {verify * peerDecode / peerVerified:F2}.\n");
        }
        if (result.Model is { Shape: "qwen2.5-0.5b", Quantization: "Q8_0" } && Median(result, ("prefill", prompt, 0), 1) is { } peerPrefill)
        {
            var scale = peerPrefill / OwnPrefill;
            string? Ratio(int depth, double own) => Median(result, ("decode", generate, depth), 0) is { } ours
                ? string.Create(CultureInfo.InvariantCulture, $"{own * scale:F1} tokens/s at depth {depth:N0} (agentrt: {ours / (own * scale):F2} times)") : null;
            string?[] figures = [Ratio(0, OwnDecode), Ratio(8192, OwnDeepDecode)];
            text.Append(CultureInfo.InvariantCulture, $"- llama.cpp's own benchmark, without a binding, would by its prefill figure decode {string.Join(", ", figures.Where(figure => figure is not null))}.\n");
        }
        double[] Others(int contestant) => [.. result.Rates.Values.SelectMany(all => all[contestant]).Select(sample => sample.OtherCores), .. result.Steps[contestant].Select(run => run.OtherCores)];
        string Range(int contestant) => Others(contestant) is { Length: > 0 } all && Spread.Of(all) is var s ? string.Create(CultureInfo.InvariantCulture, $"{s.Median:F2} ({s.Min:F2}–{s.Max:F2})") : "none measured";
        text.Append(CultureInfo.InvariantCulture, $"- Cores that other programs kept busy, of {Environment.ProcessorCount}: {Range(0)} beside agentrt, {Range(1)} beside llama.cpp.\n");
    }

    /// <summary>Of each quiet round, or of all where none was quiet, the share of the read loop's speed at which this project decoded.</summary>
    private IEnumerable<double> BandwidthShares(ModelResult result)
    {
        var rounds = result.Rates[("decode", generate, 0)][0].Zip(result.Bandwidth).ToList();
        var quiet = rounds.Where(round => round.First.Quiet).ToList();
        return (quiet.Count > 0 ? quiet : rounds).Select(round => round.First.Value * result.FileBytes / round.Second);
    }

    /// <summary>The median of the quiet samples, or of all where none was quiet.</summary>
    private static double? Median(ModelResult result, (string, int, int) key, int contestant)
    {
        if (!result.Rates.TryGetValue(key, out var rates) || rates[contestant].Count == 0) return null;
        var quiet = rates[contestant].Where(sample => sample.Quiet).ToList();
        return Spread.Of((quiet.Count > 0 ? quiet : rates[contestant]).Select(sample => sample.Value)).Median;
    }

    private static string Number(double value) => value.ToString(value >= 100 ? "F0" : value >= 10 ? "F1" : "0.0#", CultureInfo.InvariantCulture);
}
