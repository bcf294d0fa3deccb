using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.Server.Diagnostics;

/// <summary>Follows one generation from outside the engine: how far its prompt is, and what the server adds to its time.</summary>
/// <param name="time">The engine's clock.</param>
/// <param name="received">When the request was there.</param>
internal sealed class GenerationClock(TimeProvider time, long received) : IProgress<PrefillProgress>
{
    private static readonly KeyValuePair<string, object?> Request = new("phase", "request");
    private static readonly KeyValuePair<string, object?> Deliver = new("phase", "deliver");
    private long _submitted;
    private volatile int _done;
    private volatile int _total;

    /// <summary>How far the prompt is, for people.</summary>
    public string Progress => _done > 0 ? $"prompt {_done}/{_total} tokens" : "waiting";

    /// <inheritdoc/>
    public void Report(PrefillProgress value)
    {
        if (_submitted == 0)
        {
            _submitted = time.GetTimestamp();
            ServerDiagnostics.Overhead.Record(time.GetElapsedTime(received, _submitted).TotalSeconds, Request);
        }
        (_total, _done) = (value.Total, value.Done);
    }

    /// <summary>Notes that an event has been written.</summary>
    /// <param name="age">The event's own time.</param>
    /// <param name="stalledUntil">When the client last let the server wait; what came before that does not count.</param>
    public void Delivered(TimeSpan age, long stalledUntil)
    {
        var lag = time.GetElapsedTime(_submitted) - age;
        if (lag <= time.GetElapsedTime(stalledUntil)) ServerDiagnostics.Overhead.Record(lag.TotalSeconds, Deliver);
    }
}
