namespace AgentRuntime.AgentHost;

/// <summary>The run took as many steps as it may.</summary>
public sealed class StepLimitException : AgentException
{
    /// <summary>Creates the error with the limit.</summary>
    public StepLimitException(int limit)
        : base($"The task was not done after {limit} steps; resume the run with a higher --max-steps to go on.") { }
}
