namespace AgentRuntime.Engine;

/// <summary>
/// An error that a user can act on. The message is one clear sentence that names the place and, where there is one,
/// the remedy; a program may show it as it is.
/// </summary>
public class EngineException : Exception
{
    /// <summary>Creates the error with its sentence.</summary>
    public EngineException(string message) : base(message) { }

    /// <summary>Creates the error with its sentence and what caused it.</summary>
    public EngineException(string message, Exception innerException) : base(message, innerException) { }
}
