namespace AgentRuntime.Comparison;

/// <summary>All measurements on a model; index 0 is this project, index 1 the peer, and equal positions belong to the same round.</summary>
internal sealed class ModelResult(ModelChoice model, long fileBytes)
{
    public ModelChoice Model { get; } = model;

    /// <summary>Size of the GGUF: with tied embeddings, about what decoding a token reads.</summary>
    public long FileBytes { get; } = fileBytes;

    /// <summary>Tokens per second by test and depth, a sample a round.</summary>
    public Dictionary<(string Test, int Tokens, int Depth), List<Sample>[]> Rates { get; } = [];

    public List<StepsRun>[] Steps { get; } = [[], []];

    /// <summary>What the read loop reached in each round before and after this project's run, bytes per second.</summary>
    public List<double> Bandwidth { get; } = [];

    /// <summary>Rounds that were finished at a depth.</summary>
    public int Rounds(int depth) => Rates.Where(rate => rate.Key.Depth == depth).Select(rate => rate.Value[1].Count).DefaultIfEmpty().Max();

    public void Add(int contestant, IReadOnlyList<TestRow> rows, double otherCores)
    {
        foreach (var row in rows)
        {
            var key = (row.Test, row.Tokens, row.Depth);
            if (!Rates.TryGetValue(key, out var rates)) Rates[key] = rates = [[], []];
            rates[contestant].Add(new(row.TokensPerSecond.Median, otherCores));
        }
    }
}
