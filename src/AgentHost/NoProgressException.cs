namespace AgentRuntime.AgentHost;

/// <summary>The model repeats itself and the run was ended.</summary>
public sealed class NoProgressException : AgentException
{
    /// <summary>Creates the error with its sentence.</summary>
    public NoProgressException(string message) : base(message) { }
}
