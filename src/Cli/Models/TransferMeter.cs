namespace AgentRuntime.Cli.Models;

/// <summary>Measures the speed of a download over its last seconds.</summary>
/// <param name="time">The clock.</param>
internal sealed class TransferMeter(TimeProvider time)
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);
    private readonly Queue<(long Time, long Bytes)> _samples = new();
    private (long Time, long Bytes) _last;

    /// <summary>Bytes per second; 0 until there is something to measure.</summary>
    public double Speed =>
        _samples.TryPeek(out var first) && time.GetElapsedTime(first.Time, _last.Time).TotalSeconds is > 0 and var seconds ? Math.Max(0, _last.Bytes - first.Bytes) / seconds : 0;

    /// <summary>Records how many bytes have arrived in all.</summary>
    public void Add(long bytes)
    {
        var now = time.GetTimestamp();
        if (_samples.Count == 0 || time.GetElapsedTime(_last.Time, now) >= Step) _samples.Enqueue((now, bytes));
        _last = (now, bytes);
        while (_samples.Count > 1 && time.GetElapsedTime(_samples.Peek().Time, now) > Window) _samples.Dequeue();
    }

    /// <summary>Time until so many bytes have arrived in all, or null while the speed is unknown.</summary>
    public TimeSpan? TimeLeft(long total) =>
        Speed is > 0 and var speed && (total - _last.Bytes) / speed is < 1e6 and var seconds ? TimeSpan.FromSeconds(seconds) : null;
}
