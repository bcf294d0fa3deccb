namespace AgentRuntime.AgentHost;

/// <summary>How a run stands.</summary>
public enum RunStatus
{
    /// <summary>Under way, or its process died.</summary>
    Running,
    /// <summary>Ended with an answer.</summary>
    Completed,
    /// <summary>Ended at the step limit.</summary>
    StepLimit,
    /// <summary>Ended because the model made the same call again and again.</summary>
    NoProgress,
    /// <summary>Ended because the conversation no longer fits the context or the token budget.</summary>
    Overflow,
    /// <summary>Stopped by the user.</summary>
    Cancelled,
    /// <summary>Ended by an error.</summary>
    Failed,
}
