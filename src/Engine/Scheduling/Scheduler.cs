using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.KvCache;
using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.Engine.Scheduling;

/// <summary>
/// Decides what the next pass computes: what was generated last of every session that decodes, then prompt by a token budget. Who was
/// served goes to the back, so that the order is fair. Used by the engine thread alone.
/// </summary>
internal sealed class Scheduler(KvCacheManager cache, EngineOptions options)
{
    /// <summary>Tokens that are brought back from host memory in about the time in which a device computes one.</summary>
    private const int RestoredPerComputed = 16;

    private readonly ScheduledBatch _batch = new();
    private readonly Queue<EngineRequest> _waiting = new();
    private List<EngineRequest> _running = [];
    private List<EngineRequest> _reordered = [];
    private long? _blockedSince;
    private long _uses;

    public int Waiting => _waiting.Count;

    public int Running => _running.Count;

    /// <summary>How long the engine may sleep when there is nothing to compute.</summary>
    public TimeSpan Patience => _blockedSince is null ? Timeout.InfiniteTimeSpan : PatienceLeft;

    private TimeSpan PatienceLeft
    {
        get
        {
            var left = options.KvWait - options.TimeProvider.GetElapsedTime(_blockedSince!.Value);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>Called with each request that ended.</summary>
    public required Action<EngineRequest> Ended { get; init; }

    /// <summary>Blocks that no running request has reserved.</summary>
    public int UnreservedBlocks
    {
        get
        {
            var blocks = cache.Available;
            foreach (var request in _running) blocks -= cache.BlocksNeeded(request.Sequence, request.MaxLength);
            return blocks;
        }
    }

    /// <summary>
    /// Whether so many blocks are free of promises. Where host memory keeps what they hold, sequences that wait give theirs
    /// up for it, the one that was used longest ago first: its agent's tool, or a person, takes longer than bringing them back.
    /// </summary>
    /// <param name="blocks">How many.</param>
    /// <param name="sequence">For whom.</param>
    public bool TryMakeRoom(int blocks, Sequence sequence)
    {
        while (UnreservedBlocks < blocks)
        {
            var idle = options.PrefixReuse && cache.Tree.Host is { Slots: > 0 }
                ? cache.Sequences.Where(other => other != sequence && other.Blocks.Count > 0 && !other.IsHeld && !_running.Exists(request => request.Sequence == other))
                    .MinBy(other => other.LastUsed)
                : null;
            if (idle is null) return false;
            cache.Park(idle);
        }
        return true;
    }

    public void Enqueue(EngineRequest request) => _waiting.Enqueue(request);

    /// <summary>The next pass; empty when there is nothing to do.</summary>
    public ScheduledBatch Schedule()
    {
        _batch.Clear();
        EndCancelled();
        Admit();
        var budget = options.PrefillChunk;
        foreach (var request in _running)
        {
            if (!request.IsDecoding || !request.CanDeliver() || _batch.Entries.Count == options.MaxRunning) continue;
            // One token, or what a grammar forced; the others keep room for theirs.
            var count = Math.Min(request.Target - request.Sequence.Computed, budget - (options.MaxRunning - _batch.Entries.Count - 1));
            Add(request, count);
            budget -= count;
        }
        var restorable = int.MaxValue;
        if (_batch.Entries.Count > 0)
        {
            budget = Math.Min(budget, options.PrefillChunkBesideDecode);
            restorable = (int)Math.Min(int.MaxValue, (long)RestoredPerComputed * options.PrefillChunkBesideDecode / RunnerOptions.BlockTokens);
        }
        foreach (var request in _running.FindAll(request => !request.IsDecoding))
        {
            if (budget == 0 || _batch.Entries.Count == options.MaxRunning) break;
            // What is left to bring back comes with the next passes.
            if (!Reuse(request, partly: false, ref restorable)) continue;
            var count = Math.Min(Math.Min(budget, request.MaxChunk), request.Target - request.Sequence.Computed);
            if (count == 0)
            {
                Finish(request, FinishReason.Stop);
                continue;
            }
            Add(request, count);
            budget -= count;
        }
        MoveServedToBack();
        return _batch;
    }

    /// <summary>Ends a request that ran or waited with its result.</summary>
    public void Finish(EngineRequest request, FinishReason reason) => End(request, () => request.Finish(reason));

    /// <summary>Ends a request that ran or waited with an error.</summary>
    public void Fail(EngineRequest request, EngineException error) => End(request, () => request.Fail(error));

    /// <summary>Ends the request of a session that is closed, if it has one.</summary>
    public void Abandon(Sequence sequence)
    {
        foreach (var request in All().Where(request => request.Sequence == sequence)) Finish(request, FinishReason.Cancelled);
    }

    /// <summary>Ends everything with an error.</summary>
    public void FailAll(EngineException error)
    {
        foreach (var request in All()) Fail(request, error);
        _waiting.Clear();
    }

    private EngineRequest[] All() => [.. _running, .. _waiting.Where(request => !request.IsCompleted)];

    private void EndCancelled()
    {
        foreach (var request in _running.FindAll(request => request.IsCancelled)) Finish(request, FinishReason.Cancelled);
        foreach (var request in _waiting)
        {
            if (request is { IsCancelled: true, IsCompleted: false }) Finish(request, FinishReason.Cancelled);
        }
    }

    private void Admit()
    {
        while (_waiting.TryPeek(out var request))
        {
            if (!request.IsCompleted && !TryStart(request)) return;
            _waiting.Dequeue();
        }
        _blockedSince = null;
    }

    /// <summary>Starts a request when its blocks can be promised; false when it has to wait for those of others.</summary>
    private bool TryStart(EngineRequest request)
    {
        if (_running.Count(running => running.CanDeliver()) >= options.MaxRunning) return false;
        var sequence = request.Sequence;
        cache.Truncate(sequence, Math.Min(sequence.Computed, request.ReusableLength));
        var before = sequence.Computed;
        request.CachedTokens = before;
        // What is in host memory is brought back when the request runs; it takes the same blocks as computing it anew.
        var restorable = 0;
        Reuse(request, partly: true, ref restorable);
        var needed = cache.BlocksNeeded(sequence, request.MaxLength);
        if (TryMakeRoom(needed, sequence))
        {
            _blockedSince = null;
            sequence.LastUsed = ++_uses;
            if (request.Target > sequence.Computed) _running.Add(request);
            else Finish(request, FinishReason.Stop);
            return true;
        }
        cache.Truncate(sequence, before);
        if (_running.Count > 0 || StillWaits()) return false;
        var room = Math.Max(0, UnreservedBlocks + sequence.Blocks.Count) * RunnerOptions.BlockTokens;
        Fail(request, new ContextOverflowException(request.MaxLength, Math.Min(room, request.MaxLength - 1)));
        return true;
    }

    /// <summary>Nothing runs, so only sessions that are closed can give blocks back. One may be closing just now.</summary>
    private bool StillWaits()
    {
        _blockedSince ??= options.TimeProvider.GetTimestamp();
        if (PatienceLeft > TimeSpan.Zero) return true;
        _blockedSince = null;
        return false;
    }

    /// <summary>Takes over what is resident; false when there is more to bring back from host memory.</summary>
    private bool Reuse(EngineRequest request, bool partly, ref int restorable)
    {
        if (!options.PrefixReuse) return true;
        var before = request.Sequence.Computed;
        var complete = cache.Adopt(request.Sequence, request.ReusableLength, partly, ref restorable);
        request.CachedTokens += request.Sequence.Computed - before;
        return complete;
    }

    private void Add(EngineRequest request, int count)
    {
        cache.Extend(request.Sequence, request.Sequence.Computed + count);
        _batch.Add(request, count);
    }

    private void MoveServedToBack()
    {
        if (_batch.Entries.Count == _running.Count) return;
        var served = _batch.Entries.Select(entry => entry.Request).ToHashSet();
        _reordered.Clear();
        _reordered.AddRange(_running.Where(request => !served.Contains(request)));
        _reordered.AddRange(_running.Where(served.Contains));
        (_running, _reordered) = (_reordered, _running);
    }

    private void End(EngineRequest request, Action deliver)
    {
        _running.Remove(request);
        request.Sequence.LastUsed = ++_uses;
        cache.Truncate(request.Sequence, request.Sequence.Computed);
        deliver();
        Ended(request);
    }
}
