namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary>After what a step is tried again.</summary>
public enum RetryCondition
{
    /// <summary>It failed: a tool's error, an exit code other than 0, an agent without an answer.</summary>
    Error,

    /// <summary>It took longer than its timeout.</summary>
    Timeout,
}
