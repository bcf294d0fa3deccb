namespace AgentRuntime.Engine.Backends;

/// <summary>The input of one forward pass: tokens of one or more sequences, back to back.</summary>
/// <param name="tokens">Token ids, each sequence's tokens adjacent.</param>
/// <param name="sequences">The sequences, in the order of their tokens.</param>
/// <param name="logitRows">Ascending indexes into <paramref name="tokens"/> of those whose logits are wanted; may be empty.</param>
public readonly ref struct ForwardBatch(
    ReadOnlySpan<int> tokens, ReadOnlySpan<SequenceSlice> sequences, ReadOnlySpan<int> logitRows)
{
    /// <summary>Token ids, each sequence's tokens adjacent.</summary>
    public ReadOnlySpan<int> Tokens { get; } = tokens;

    /// <summary>The sequences, in the order of their tokens.</summary>
    public ReadOnlySpan<SequenceSlice> Sequences { get; } = sequences;

    /// <summary>Indexes of the tokens whose logits are wanted.</summary>
    public ReadOnlySpan<int> LogitRows { get; } = logitRows;
}
