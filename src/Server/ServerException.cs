using AgentRuntime.Engine;

namespace AgentRuntime.Server;

/// <summary>The server cannot be set up or started as asked; the message says why and what to do.</summary>
public sealed class ServerException : EngineException
{
    /// <summary>Creates the error with its sentence.</summary>
    public ServerException(string message) : base(message) { }

    /// <summary>Creates the error with its sentence and what caused it.</summary>
    public ServerException(string message, Exception innerException) : base(message, innerException) { }
}
