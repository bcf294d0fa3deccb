using AgentRuntime.Engine.Backends;

namespace AgentRuntime.Engine.Tests.Backends;

/// <summary>Short ways to run sequences on a runner.</summary>
internal static class Run
{
    /// <summary>Logits at every position of one sequence in blocks from <paramref name="firstBlock"/> on, in chunks of the given size.</summary>
    public static float[][] All(IModelRunner runner, int[] tokens, int chunk = int.MaxValue, int firstBlock = 0)
    {
        var rows = new List<float[]>();
        for (var start = 0; start < tokens.Length;)
        {
            var count = Math.Min(Math.Min(chunk, tokens.Length - start), runner.Options.MaxBatchTokens);
            rows.AddRange(Append(runner, tokens.AsSpan(start, count), start, firstBlock));
            start += count;
        }
        return [.. rows];
    }

    /// <summary>Logits of tokens appended at a position.</summary>
    public static float[][] Append(IModelRunner runner, ReadOnlySpan<int> tokens, int position, int firstBlock = 0)
    {
        var blocks = Blocks(firstBlock, position + tokens.Length);
        return Batch(runner, tokens, [new SequenceSlice(0, tokens.Length, position, blocks)]);
    }

    /// <summary>Logits of all tokens of a batch.</summary>
    public static float[][] Batch(IModelRunner runner, ReadOnlySpan<int> tokens, SequenceSlice[] sequences)
    {
        var vocabulary = runner.Config.VocabularySize;
        var logits = new float[tokens.Length * vocabulary];
        runner.Forward(new ForwardBatch(tokens, sequences, Enumerable.Range(0, tokens.Length).ToArray()), logits);
        return [.. logits.Chunk(vocabulary)];
    }

    /// <summary>Ids of the blocks that hold <paramref name="positions"/> positions, consecutive from <paramref name="first"/>.</summary>
    public static int[] Blocks(int first, int positions) =>
        Enumerable.Range(first, (positions + RunnerOptions.BlockTokens - 1) / RunnerOptions.BlockTokens).ToArray();
}
