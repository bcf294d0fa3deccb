using System.Text.Json;

namespace AgentRuntime.Comparison;

/// <summary>Measurements kept in a file, so that a comparison can be made in several runs.</summary>
internal static class SavedResults
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    /// <summary>What the file holds; nothing when there is none.</summary>
    /// <exception cref="ComparisonException">The file is no such file.</exception>
    public static List<ModelResult> Load(string file)
    {
        if (!File.Exists(file)) return [];
        try { return [.. JsonSerializer.Deserialize<List<Saved>>(File.ReadAllText(file), Json)!.Select(saved => saved.Restore())]; }
        catch (JsonException e) { throw new ComparisonException($"{file} cannot be continued: {e.Message} Delete it to start anew."); }
    }

    public static void Save(string file, IEnumerable<ModelResult> results) =>
        File.WriteAllText(file, JsonSerializer.Serialize(results.Select(Saved.Of).ToList(), Json));

    private sealed record Rate(string Test, int Tokens, int Depth, List<SavedSample>[] Samples);

    private sealed record SavedSample(double Value, double OtherCores);

    private sealed record Saved(ModelChoice Model, long FileBytes, List<Rate> Rates, List<StepsRun>[] Steps, List<double> Bandwidth)
    {
        public static Saved Of(ModelResult result) => new(
            result.Model, result.FileBytes,
            [.. result.Rates.Select(rate => new Rate(rate.Key.Test, rate.Key.Tokens, rate.Key.Depth, [.. rate.Value.Select(all => all.Select(s => new SavedSample(s.Value, s.OtherCores)).ToList())]))],
            result.Steps, result.Bandwidth);

        public ModelResult Restore()
        {
            var result = new ModelResult(Model, FileBytes);
            foreach (var rate in Rates) result.Rates[(rate.Test, rate.Tokens, rate.Depth)] = [.. rate.Samples.Select(all => all.Select(s => new Sample(s.Value, s.OtherCores)).ToList())];
            for (var i = 0; i < Steps.Length; i++) result.Steps[i].AddRange(Steps[i]);
            result.Bandwidth.AddRange(Bandwidth);
            return result;
        }
    }
}
