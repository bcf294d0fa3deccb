namespace AgentRuntime.Engine;

/// <summary>The engine already has as many requests as it admits. Try again after <see cref="RetryAfter"/>.</summary>
public sealed class EngineBusyException : EngineException
{
    /// <summary>Creates the error with the delay after which a retry makes sense.</summary>
    public EngineBusyException(TimeSpan retryAfter)
        : base($"The engine is busy; try again in {Math.Max(1, (int)Math.Ceiling(retryAfter.TotalSeconds))} s.") => RetryAfter = retryAfter;

    /// <summary>How long to wait before trying again.</summary>
    public TimeSpan RetryAfter { get; }
}
