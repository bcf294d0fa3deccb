namespace AgentRuntime.AgentHost.Journal;

/// <summary>What to do with a call that had started when its process died.</summary>
public enum InterruptedCallDecision
{
    /// <summary>Run it again.</summary>
    Rerun,
    /// <summary>Tell the model that it was interrupted and may have run.</summary>
    Skip,
    /// <summary>End the run; it can be resumed later.</summary>
    Stop,
}
