using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace AgentRuntime.Engine.Backends.Cpu.Threading;

/// <summary>
/// Threads that run one body together (single program, multiple data): <see cref="Run"/> starts it on all of them, and
/// <see cref="Barrier"/> inside it separates operators. The caller is thread 0. Workers spin briefly between runs and
/// then park, so an idle pool takes no CPU. An exception in any thread ends the run and is thrown to the caller.
/// </summary>
internal sealed class ComputePool : IDisposable
{
    // Long enough to bridge the sampling between two decode steps, short enough not to show as load.
    private const int SpinsBeforeParking = 2_000;
    private const int SpinsBeforeYield = 4_000;

    private readonly Thread[] _workers;
    private readonly object _gate = new();
    private Shared _shared;
    private Action<int>? _body;
    private ExceptionDispatchInfo? _failure;
    private volatile bool _stopped;

    public ComputePool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        Threads = threads;
        _workers = new Thread[threads - 1];
        for (var i = 0; i < _workers.Length; i++)
        {
            var index = i + 1;
            _workers[i] = new Thread(() => Work(index)) { IsBackground = true, Name = $"compute {index}" };
            _workers[i].Start();
        }
    }

    public int Threads { get; }

    /// <summary>Runs <paramref name="body"/> with each thread's index, and returns when all have finished.</summary>
    public void Run(Action<int> body)
    {
        _body = body;
        _failure = null;
        _shared.Arrived = 0;
        _shared.Finished = 0;
        lock (_gate)
        {
            _shared.Generation++;
            Monitor.PulseAll(_gate);
        }
        Execute(0);
        for (var spins = 0; Volatile.Read(ref _shared.Finished) != Threads; spins++) Pause(spins);
        _body = null;
        _failure?.Throw();
    }

    /// <summary>Waits until every thread of the run has come here; what they wrote before is visible after.</summary>
    public void Barrier()
    {
        var phase = Volatile.Read(ref _shared.Phase);
        if (Interlocked.Increment(ref _shared.Arrived) == Threads)
        {
            _shared.Arrived = 0;
            Volatile.Write(ref _shared.Phase, phase + 1);
        }
        else
        {
            for (var spins = 0; Volatile.Read(ref _shared.Phase) == phase && Volatile.Read(ref _failure) is null; spins++) Pause(spins);
        }
        if (Volatile.Read(ref _failure) is not null) throw new OperationCanceledException();
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _stopped = true;
            Monitor.PulseAll(_gate);
        }
        foreach (var worker in _workers) worker.Join();
    }

    private void Work(int index)
    {
        for (long seen = 0; ;)
        {
            for (var spins = 0; spins < SpinsBeforeParking && Volatile.Read(ref _shared.Generation) == seen && !_stopped; spins++) Thread.SpinWait(8);
            lock (_gate)
            {
                while (_shared.Generation == seen && !_stopped) Monitor.Wait(_gate);
                if (_stopped) return;
                seen = _shared.Generation;
            }
            Execute(index);
        }
    }

    private void Execute(int index)
    {
#pragma warning disable CA1031 // Whatever went wrong is thrown again on the caller's thread.
        try
        {
            _body!(index);
        }
        catch (Exception e)
        {
            // The first failure counts; the others are threads that it released from a barrier.
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(e), null);
        }
#pragma warning restore CA1031
        Interlocked.Increment(ref _shared.Finished);
    }

    private static void Pause(int spins)
    {
        if (spins < SpinsBeforeYield) Thread.SpinWait(1);
        else Thread.Yield();
    }

    // Each field on its own cache lines: they are written and polled by different threads.
    [StructLayout(LayoutKind.Explicit, Size = 640)]
    private struct Shared
    {
        [FieldOffset(128)] public long Generation;
        [FieldOffset(256)] public int Phase;
        [FieldOffset(384)] public int Arrived;
        [FieldOffset(512)] public int Finished;
    }
}
