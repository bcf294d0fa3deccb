using AgentRuntime.Engine.Backends.Cuda.Memory;

namespace AgentRuntime.Engine.Backends.Cuda.Diagnostics;

/// <summary>Times what is queued on a device by events on its stream.</summary>
/// <param name="device">The device.</param>
/// <param name="repetitions">Timed runs, after one that is not.</param>
/// <param name="launches">How often the work is queued in a run.</param>
internal sealed class DeviceTimer(CudaDevice device, int repetitions, int launches) : IDisposable
{
    private readonly nint _start = device.Driver.CreateEvent();
    private readonly nint _end = device.Driver.CreateEvent();

    /// <summary>Seconds that the work takes once, the median.</summary>
    /// <param name="queue">Queues the work; is told how often it was called before.</param>
    public double Measure(Action<int> queue)
    {
        var times = new List<double>();
        for (var run = 0; run <= repetitions; run++)
        {
            device.Driver.RecordEvent(_start, device.Stream);
            for (var i = 0; i < launches; i++) queue(run * launches + i);
            device.Driver.RecordEvent(_end, device.Stream);
            var seconds = device.Driver.Elapsed(_start, _end) / 1e3 / launches;
            if (run > 0) times.Add(seconds);
        }
        times.Sort();
        return Math.Max(times[times.Count / 2], 1e-9);
    }

    public void Dispose()
    {
        device.Driver.DestroyEvent(_start);
        device.Driver.DestroyEvent(_end);
    }
}
