using System.Threading.Channels;
using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Backends.Cuda.Driver;
using AgentRuntime.Engine.Diagnostics;
using AgentRuntime.Engine.KvCache;
using AgentRuntime.Engine.Sampling;
using AgentRuntime.Engine.Scheduling;
using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.Engine;

/// <summary>
/// The engine thread and all that it owns: scheduler, KV cache, runner. Others reach them only by commands through a
/// bounded channel, which run between two steps in the order in which they were posted.
/// </summary>
internal sealed class EngineLoop
{
    private const int CommandCapacity = 4096;

    private readonly IModelRunner _runner;
    private readonly EngineOptions _options;
    private readonly Scheduler _scheduler;
    private readonly Channel<Action> _commands =
        Channel.CreateBounded<Action>(new BoundedChannelOptions(CommandCapacity) { SingleReader = true });
    private readonly Thread? _thread;
    private float[] _logits = [];
    private SamplingRule[] _rules = [];
    private int[] _tokens = [];
    private int _admitted;
    private long _computedTokens;
    private TimeSpan _lastDuration = TimeSpan.FromSeconds(1);
    private volatile bool _stopping;
    private volatile CudaException? _deviceFault;

    /// <param name="runner">The model; used by this loop alone.</param>
    /// <param name="options">Checked options.</param>
    /// <param name="ownThread">False for tests that drive <see cref="RunUntilIdle"/> themselves.</param>
    public EngineLoop(IModelRunner runner, EngineOptions options, bool ownThread)
    {
        _runner = runner;
        _options = options;
        Cache = new KvCacheManager(runner);
        _scheduler = new Scheduler(Cache, options) { Ended = OnEnded };
        if (!ownThread) return;
        _thread = new Thread(Run) { Name = "AgentRuntime engine", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Why the device computes no more; null while it does.</summary>
    public CudaException? DeviceFault => _deviceFault;

    /// <summary>For commands only.</summary>
    public KvCacheManager Cache { get; }

    /// <summary>For commands only: blocks that may be taken without breaking a promise to a running request.</summary>
    public int UnreservedBlocks => _scheduler.UnreservedBlocks;

    /// <summary>For commands only: whether so many blocks may be taken for a sequence; others that wait may give theirs up.</summary>
    public bool TryMakeRoom(int blocks, Sequence sequence) => _scheduler.TryMakeRoom(blocks, sequence);

    public EngineStatistics Statistics => new(
        Cache.Pool.Size, Cache.Pool.Free, Cache.Tree.Evictable, _scheduler.Running, _scheduler.Waiting, Interlocked.Read(ref _computedTokens),
        Cache.Tree.Host?.Slots ?? 0, Cache.Tree.Host?.Nodes.Count ?? 0);

    /// <summary>One pass over the model; false when there was nothing to compute.</summary>
    public bool Step()
    {
        var batch = _scheduler.Schedule();
        if (batch.Entries.Count == 0) return false;
        if (!Forward(batch, out var chosen, out var elapsed)) return true;
        Sample(batch, chosen);
        Commit(batch, elapsed);
        return true;
    }

    /// <summary>Runs commands and steps until nothing is left to do, or for so many steps.</summary>
    public void RunUntilIdle(int maxSteps = int.MaxValue)
    {
        do
        {
            while (!_stopping && _commands.Reader.TryRead(out var command)) Safely(command);
        }
        while (!_stopping && maxSteps-- > 0 && StepSafely());
    }

    /// <summary>Hands a request to the engine thread.</summary>
    /// <exception cref="EngineBusyException">Too many requests wait already.</exception>
    public void Submit(EngineRequest request)
    {
        if (Interlocked.Increment(ref _admitted) > _options.MaxRunning + _options.MaxSessionsQueued)
        {
            Interlocked.Decrement(ref _admitted);
            throw new EngineBusyException(_lastDuration);
        }
        Post(() => _scheduler.Enqueue(request));
    }

    /// <summary>Ends a sequence and the request that runs on it.</summary>
    public void Close(Sequence sequence)
    {
        try
        {
            Post(() =>
            {
                _scheduler.Abandon(sequence);
                Cache.Close(sequence);
            });
        }
        catch (ObjectDisposedException)
        {
            // The engine went first and took the blocks with it.
        }
    }

    /// <summary>Runs an action on the engine thread after everything posted before.</summary>
    /// <exception cref="ObjectDisposedException">The engine was shut down.</exception>
    public void Post(Action command)
    {
        while (!_commands.Writer.TryWrite(command))
        {
            var open = _commands.Writer.WaitToWriteAsync().AsTask().GetAwaiter().GetResult();
            ObjectDisposedException.ThrowIf(!open, typeof(InferenceEngine));
        }
    }

    /// <summary>Runs a function on the engine thread and returns its result or error.</summary>
    public Task<T> InvokeAsync<T>(Func<T> function)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(() =>
        {
            try
            {
                result.SetResult(function());
            }
            catch (Exception error)
            {
                result.SetException(error);
            }
        });
        return result.Task;
    }

    /// <summary>Makes an idle engine look again. When the channel is full, it is not idle.</summary>
    public void Wake() => _commands.Writer.TryWrite(static () => { });

    /// <summary>Ends the thread after the current step; running requests fail.</summary>
    public void Stop()
    {
        _stopping = true;
        _commands.Writer.TryComplete();
        if (_thread is null) Drain();
        else _thread.Join();
    }

    private void Run()
    {
        do
        {
            RunUntilIdle();
#if DEBUG
            KvCacheInvariants.CheckIntegrity(Cache);
#endif
        }
        while (!_stopping && Wait());
        Drain();
    }

    /// <summary>Sleeps until there is a command, or the scheduler wants to look again; false when the engine is shut down.</summary>
    private bool Wait()
    {
        var command = _commands.Reader.WaitToReadAsync().AsTask();
        return !command.Wait(_scheduler.Patience) || command.Result;
    }

    private void Drain()
    {
        while (_commands.Reader.TryRead(out var command)) Safely(command);
        _scheduler.FailAll(new EngineException("The engine was shut down."));
    }

    private bool StepSafely()
    {
        var worked = true;
        Safely(() => worked = Step());
        return worked;
    }

    /// <summary>Whatever goes wrong on this thread fails the requests, never the process.</summary>
    private void Safely(Action action)
    {
        try
        {
            action();
        }
        catch (Exception error)
        {
            Note(error);
            _scheduler.FailAll(new ComputeException($"The engine failed: {error.Message}", error));
        }
    }

    /// <summary>Whatever a device refuses but memory, it refuses from then on.</summary>
    private void Note(Exception error)
    {
        if (error is CudaException { IsOutOfMemory: false } fault) _deviceFault = fault;
    }

    /// <summary>Computes the batch: logits, or tokens when no request needs more and the runner can choose them. False when the runner failed, which ends the batch's requests and leaves their sessions as they were.</summary>
    private bool Forward(ScheduledBatch batch, out bool chosen, out TimeSpan elapsed)
    {
        var runner = batch.NeedsLogits ? null : _runner as ISamplingRunner;
        chosen = runner is not null;
        var needed = chosen ? 0 : checked(batch.RowCount * _runner.Config.VocabularySize);
        if (_logits.Length < needed) _logits = GC.AllocateUninitializedArray<float>(needed);
        if (chosen) MakeRules(batch);
        var start = _options.TimeProvider.GetTimestamp();
        try
        {
            if (runner is not null) runner.ForwardSampled(batch.Input, _rules.AsSpan(0, batch.RowCount), _tokens.AsSpan(0, batch.RowCount));
            else _runner.Forward(batch.Input, _logits.AsSpan(0, needed));
            return true;
        }
        catch (Exception error)
        {
            Note(error);
            var failure = new ComputeException($"The model could not be computed: {error.Message}", error);
            foreach (var entry in batch.Entries) _scheduler.Fail(entry.Request, failure);
            return false;
        }
        finally
        {
            elapsed = _options.TimeProvider.GetElapsedTime(start);
            EngineDiagnostics.StepDuration.Record(elapsed.TotalSeconds);
            EngineDiagnostics.StepSequences.Record(batch.Entries.Count);
        }
    }

    private void MakeRules(ScheduledBatch batch)
    {
        if (_rules.Length < batch.RowCount) (_rules, _tokens) = (new SamplingRule[batch.RowCount], new int[batch.RowCount]);
        foreach (var (request, _, firstRow, rows) in batch.Entries)
        {
            if (rows > 0) _rules[firstRow] = request.NextRule();
        }
    }

    private void Sample(ScheduledBatch batch, bool chosen)
    {
        var vocabulary = _runner.Config.VocabularySize;
        foreach (var (request, _, firstRow, rows) in batch.Entries)
        {
            if (rows == 0) continue;
            try
            {
                if (chosen) request.Take(_tokens[firstRow]);
                else request.Sample(_logits.AsSpan(firstRow * vocabulary, rows * vocabulary), rows);
            }
            catch (Exception error)
            {
                _scheduler.Fail(request, error as EngineException ?? new EngineException($"Sampling failed: {error.Message}", error));
            }
        }
    }

    private void Commit(ScheduledBatch batch, TimeSpan elapsed)
    {
        foreach (var (request, count, _, _) in batch.Entries)
        {
            if (request.IsCompleted) continue;
            Cache.Commit(request.Sequence, request.Sequence.Computed + count);
            request.CountPass(count, elapsed);
            if (request.Commit()) _scheduler.Finish(request, FinishReason.Stop);
        }
        Interlocked.Add(ref _computedTokens, batch.TokenCount);
        EngineDiagnostics.ComputedTokens.Add(batch.TokenCount);
    }

    private void OnEnded(EngineRequest request)
    {
        Interlocked.Decrement(ref _admitted);
        _lastDuration = request.Age;
        EngineDiagnostics.CachedTokens.Add(request.CachedTokens);
    }
}
