using AgentRuntime.Engine.Sampling;
using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.Engine.Scheduling;

/// <summary>
/// Something that a session asked the engine to compute. Made by the caller, then owned by the engine thread until
/// <see cref="Completion"/>; only <see cref="Cancel"/> may be called from elsewhere meanwhile.
/// </summary>
internal abstract class EngineRequest(Sequence sequence, int maxLength, TimeProvider clock)
{
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _submitted = clock.GetTimestamp();
    private readonly int _promptTokens = sequence.Tokens.Count;
    private volatile bool _cancelled;
    private TimeSpan? _queueTime;

    public Sequence Sequence { get; } = sequence;

    /// <summary>Most positions that may have to be computed in all; blocks for them are reserved when it starts.</summary>
    public int MaxLength { get; } = maxLength;

    /// <summary>Positions that have to be computed before the next result.</summary>
    public virtual int Target => Sequence.Tokens.Count;

    /// <summary>Most positions that resident blocks may stand in for.</summary>
    public abstract int ReusableLength { get; }

    /// <summary>Most tokens of it in one pass.</summary>
    public virtual int MaxChunk => int.MaxValue;

    /// <summary>Whether the next pass computes what was generated, not prompt.</summary>
    public virtual bool IsDecoding => false;

    /// <summary>False while results cannot be delivered: the request pauses.</summary>
    public virtual bool CanDeliver() => true;

    /// <summary>How many of the last tokens of a chunk that ends at position <paramref name="end"/> need logits.</summary>
    public abstract int LogitRows(int end, int count);

    /// <summary>Takes the logits of a chunk; throws when no result can be made of them.</summary>
    public abstract void Sample(Span<float> logits, int rows);

    /// <summary>Whether only <see cref="Sample"/> will do; otherwise <see cref="NextRule"/> and <see cref="Take"/> do for it.</summary>
    public virtual bool NeedsLogits => true;

    /// <summary>How to choose the token from its one row of logits.</summary>
    public virtual SamplingRule NextRule() => throw new NotSupportedException("This request needs logits.");

    /// <summary>Takes the token that was chosen by the rule, or -1 when there is none; throws then.</summary>
    public virtual void Take(int token) => throw new NotSupportedException("This request needs logits.");

    /// <summary>Delivers what <see cref="Sample"/> made, after the chunk entered the KV cache; true when the request is finished.</summary>
    public abstract bool Commit();

    /// <summary>Prompt tokens that were resident.</summary>
    public int CachedTokens { get; set; }

    /// <summary>Tokens that went through the model.</summary>
    public int ComputedTokens { get; private set; }

    public TimeSpan PrefillTime { get; private set; }

    public bool IsCancelled => _cancelled;

    public bool IsCompleted => _completion.Task.IsCompleted;

    /// <summary>Completes when the engine has let go of the session, whether or not the request succeeded.</summary>
    public Task Completion => _completion.Task;

    public void Cancel() => _cancelled = true;

    /// <summary>Notes that a pass over <paramref name="tokens"/> of its tokens is done.</summary>
    public virtual void CountPass(int tokens, TimeSpan elapsed)
    {
        _queueTime ??= Age - elapsed;
        ComputedTokens += tokens;
        if (!IsDecoding) PrefillTime += elapsed;
    }

    /// <summary>Ends it with its result so far.</summary>
    public void Finish(FinishReason reason)
    {
        Deliver(reason);
        _completion.TrySetResult();
    }

    /// <summary>Ends it with an error.</summary>
    public void Fail(EngineException error)
    {
        DeliverError(error);
        _completion.TrySetResult();
    }

    protected abstract void Deliver(FinishReason reason);

    protected abstract void DeliverError(EngineException error);

    /// <summary>Time since the request was made.</summary>
    public TimeSpan Age => clock.GetElapsedTime(_submitted);

    protected Usage UsageSoFar(int outputTokens, TimeSpan timeToFirstToken, TimeSpan decodeTime) => new()
    {
        PromptTokens = _promptTokens,
        CachedTokens = CachedTokens,
        OutputTokens = outputTokens,
        ComputedTokens = ComputedTokens,
        QueueTime = _queueTime ?? Age,
        TimeToFirstToken = timeToFirstToken,
        PrefillTime = PrefillTime,
        DecodeTime = decodeTime,
    };
}
