namespace AgentRuntime.Server.Http;

/// <summary>Bounds how many requests generate or wait at one time.</summary>
internal sealed class RequestGate(int limit)
{
    private int _running;

    /// <summary>Takes a place; disposing the result gives it back.</summary>
    /// <exception cref="ApiException">All places are taken.</exception>
    public Place Enter()
    {
        if (Interlocked.Increment(ref _running) <= limit) return new(this);
        Interlocked.Decrement(ref _running);
        throw new ApiException(429, $"The server works on {limit} requests already; try again in a second.", code: "rate_limit_exceeded") { RetryAfter = TimeSpan.FromSeconds(1) };
    }

    internal readonly struct Place(RequestGate gate) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref gate._running);
    }
}
