using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends;

/// <summary>Refuses batches that would read or write outside the runner's memory.</summary>
internal static class BatchValidation
{
    public static void Check(in ForwardBatch batch, ModelConfig config, RunnerOptions options, int logits)
    {
        var tokens = batch.Tokens.Length;
        if (tokens == 0) throw new ArgumentException("A batch needs at least one token.", nameof(batch));
        if (tokens > options.MaxBatchTokens)
            throw new ArgumentException($"The batch has {tokens} tokens, but the runner was set up for at most {options.MaxBatchTokens}.", nameof(batch));
        for (var t = 0; t < tokens; t++)
        {
            if ((uint)batch.Tokens[t] >= (uint)config.VocabularySize)
                throw new ArgumentException($"Token {t} is {batch.Tokens[t]}, but the vocabulary has the ids 0 to {config.VocabularySize - 1}.", nameof(batch));
        }
        CheckSequences(batch, options);
        var previous = -1;
        foreach (var row in batch.LogitRows)
        {
            if (row <= previous || row >= tokens) throw new ArgumentException($"Logit row {row} is not an ascending index into {tokens} tokens.", nameof(batch));
            previous = row;
        }
        var needed = (long)batch.LogitRows.Length * config.VocabularySize;
        if (logits < needed)
            throw new ArgumentException($"{batch.LogitRows.Length} rows of logits take {needed} floats, but only {logits} were given.", nameof(logits));
    }

    private static void CheckSequences(in ForwardBatch batch, RunnerOptions options)
    {
        var next = 0;
        for (var s = 0; s < batch.Sequences.Length; s++)
        {
            var sequence = batch.Sequences[s];
            if (sequence.Start != next || sequence.Count < 1 || sequence.Count > batch.Tokens.Length - next)
                throw new ArgumentException($"Sequence {s} does not start at token {next} with at least one of the tokens left.", nameof(batch));
            next += sequence.Count;
            if (sequence.ContextLength < 0) throw new ArgumentException($"Sequence {s} has a negative context length.", nameof(batch));
            var blocks = ((long)sequence.ContextLength + sequence.Count + RunnerOptions.BlockTokens - 1) / RunnerOptions.BlockTokens;
            if (sequence.Blocks.Length < blocks)
                throw new ArgumentException($"Sequence {s} needs {blocks} KV blocks, but has {sequence.Blocks.Length}.", nameof(batch));
            for (var b = 0; b < blocks; b++)
            {
                if ((uint)sequence.Blocks[b] >= (uint)options.KvBlocks)
                    throw new ArgumentException($"Sequence {s} names KV block {sequence.Blocks[b]}, but there are {options.KvBlocks}.", nameof(batch));
            }
        }
        if (next != batch.Tokens.Length) throw new ArgumentException($"{batch.Tokens.Length - next} tokens belong to no sequence.", nameof(batch));
    }
}
