namespace AgentRuntime.AgentHost.Journal;

/// <summary>The journal cannot be read or written.</summary>
public sealed class JournalException : AgentException
{
    /// <summary>Creates the error with its sentence.</summary>
    public JournalException(string message) : base(message) { }

    /// <summary>Creates the error with its sentence and what caused it.</summary>
    public JournalException(string message, Exception innerException) : base(message, innerException) { }
}
