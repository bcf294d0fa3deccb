using AgentRuntime.Engine;

namespace AgentRuntime.AgentHost;

/// <summary>An error of a run that a user can act on; the message is one clear sentence.</summary>
public class AgentException : EngineException
{
    /// <summary>Creates the error with its sentence.</summary>
    public AgentException(string message) : base(message) { }

    /// <summary>Creates the error with its sentence and what caused it.</summary>
    public AgentException(string message, Exception innerException) : base(message, innerException) { }
}
