using System.Diagnostics;

namespace AgentRuntime.Engine.Backends.Cpu.Model;

/// <summary>
/// How long each part of the forward passes took, as the first thread sees it: its own work, and its wait for the others at
/// the barrier behind it. Reading the clock some 250 times costs a pass a few microseconds.
/// </summary>
internal sealed class PassClock
{
    private readonly long[] _ticks = new long[Enum.GetValues<PassPart>().Length];
    private long _last;

    /// <summary>A pass begins.</summary>
    public void Start() => _last = Stopwatch.GetTimestamp();

    /// <summary>What has passed since the last call belongs to a part; calls of other threads than the first count for nothing.</summary>
    public void Mark(PassPart part, int thread)
    {
        if (thread != 0) return;
        var now = Stopwatch.GetTimestamp();
        _ticks[(int)part] += now - _last;
        _last = now;
    }

    public void Reset() => Array.Clear(_ticks);

    public TimeSpan this[PassPart part] => Stopwatch.GetElapsedTime(0, _ticks[(int)part]);
}
