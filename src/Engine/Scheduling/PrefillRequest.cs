using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.Engine.Scheduling;

/// <summary>
/// Computes what is pending without generating. The last token is left: generation must compute one to have logits, and
/// nothing is computed twice.
/// </summary>
internal sealed class PrefillRequest(Sequence sequence, TimeProvider clock)
    : EngineRequest(sequence, Math.Max(0, sequence.Tokens.Count - 1), clock)
{
    private readonly TaskCompletionSource<Usage> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<Usage> Result => _result.Task;

    public override int Target => MaxLength;

    public override int ReusableLength => MaxLength;

    public override int LogitRows(int end, int count) => 0;

    public override void Sample(Span<float> logits, int rows)
    {
        // Nothing is sampled: no logits were asked for.
    }

    public override bool Commit() => Sequence.Computed >= Target;

    protected override void Deliver(FinishReason reason)
    {
        if (reason == FinishReason.Cancelled) _result.SetCanceled();
        else _result.SetResult(UsageSoFar(0, default, default));
    }

    protected override void DeliverError(EngineException error) => _result.SetException(error);
}
