using AgentRuntime.AgentHost.Conversations;

namespace AgentRuntime.AgentHost.Workflows.Running;

/// <summary>
/// A conversation that comes into being when it is first needed: a run whose steps are all recorded loads no model. Used by
/// one step at a time, but for <see cref="ForkAsync"/>.
/// </summary>
/// <param name="create">Makes the conversation that it begins with.</param>
/// <param name="lineage">Hash of what that conversation holds; empty for an empty one.</param>
internal sealed class SessionSlot(Func<CancellationToken, ValueTask<IConversation>> create, string lineage) : IAsyncDisposable
{
    private readonly SemaphoreSlim _one = new(1);
    private readonly List<TranscriptEntry> _restored = [];
    private IConversation? _conversation;

    /// <summary>Hash of the steps and replies that made the conversation what it is.</summary>
    public string Lineage { get; private set; } = lineage;

    /// <summary>The conversation, with everything that was recorded of it.</summary>
    public async ValueTask<IConversation> OpenAsync(CancellationToken cancellationToken)
    {
        if (_conversation is not null) return _conversation;
        var conversation = await create(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (var entry in _restored) await entry.AppendAsync(conversation, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await conversation.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        return _conversation = conversation;
    }

    /// <summary>Notes that a step has gone on with the conversation.</summary>
    /// <param name="key">The step's key.</param>
    /// <param name="transcript">What it added.</param>
    public void Advance(string key, IReadOnlyList<TranscriptEntry> transcript)
    {
        // Kept as long as there is no conversation that holds it.
        if (_conversation is null) _restored.AddRange(transcript);
        Lineage = StepKey.Hash(Lineage, key, string.Concat(transcript.Select(e => e.Reply?.Message.Text)));
    }

    /// <summary>Takes back what a failed attempt added.</summary>
    /// <param name="before">The place before it; null when the conversation was empty.</param>
    public async ValueTask UndoAsync(ConversationCheckpoint? before)
    {
        if (_conversation is null) return;
        if (before is not null)
        {
            await _conversation.RewindAsync(before).ConfigureAwait(false);
            return;
        }
        await _conversation.DisposeAsync().ConfigureAwait(false);
        _conversation = null;
    }

    /// <summary>An independent continuation; several may be taken at once.</summary>
    /// <param name="meter">Told what had to be computed for it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<IConversation> ForkAsync(StepMeter meter, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var conversation = await OpenAsync(cancellationToken).ConfigureAwait(false);
            var before = conversation.ComputedTokens;
            var fork = await conversation.ForkAsync(cancellationToken).ConfigureAwait(false);
            meter.AddComputed(conversation.ComputedTokens - before);
            return fork;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>A slot that holds what this one holds now, whatever is added to this one later.</summary>
    public async ValueTask<SessionSlot> SnapshotAsync(CancellationToken cancellationToken)
    {
        var snapshot = new SessionSlot(create, Lineage);
        if (_conversation is null) snapshot._restored.AddRange(_restored);
        else snapshot._conversation = await _conversation.ForkAsync(cancellationToken).ConfigureAwait(false);
        return snapshot;
    }

    public async ValueTask DisposeAsync()
    {
        if (_conversation is not null) await _conversation.DisposeAsync().ConfigureAwait(false);
        _conversation = null;
        _one.Dispose();
    }
}
