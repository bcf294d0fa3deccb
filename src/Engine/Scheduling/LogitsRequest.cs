using AgentRuntime.Engine.Sampling;
using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.Engine.Scheduling;

/// <summary>Computes what is pending and reports the likeliest token after each position and the logits after the last.</summary>
internal sealed class LogitsRequest(Sequence sequence, int vocabularySize, TimeProvider clock)
    : EngineRequest(sequence, sequence.Tokens.Count, clock)
{
    /// <summary>Most logits held at once, in floats.</summary>
    private const int LogitsLimit = 8 << 20;

    private readonly TaskCompletionSource<SequenceLogits> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<int> _argMax = [];
    private float[] _last = [];

    public Task<SequenceLogits> Result => _result.Task;

    // Resident blocks have no logits.
    public override int ReusableLength => 0;

    public override int MaxChunk => Math.Max(1, LogitsLimit / vocabularySize);

    public override int LogitRows(int end, int count) => count;

    public override void Sample(Span<float> logits, int rows)
    {
        for (var row = 0; row < rows; row++) _argMax.Add(LogitMath.ArgMax(logits.Slice(row * vocabularySize, vocabularySize)));
        _last = logits[^vocabularySize..].ToArray();
    }

    public override bool Commit() => Sequence.Computed == Target;

    protected override void Deliver(FinishReason reason)
    {
        if (reason == FinishReason.Cancelled) _result.SetCanceled();
        else _result.SetResult(new SequenceLogits([.. _argMax], _last));
    }

    protected override void DeliverError(EngineException error) => _result.SetException(error);
}
