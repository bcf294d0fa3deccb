namespace AgentRuntime.Engine.Sessions;

/// <summary>A suspended session cannot be resumed: its file is damaged, foreign, or of another model or KV type.</summary>
public sealed class SnapshotException : EngineException
{
    /// <summary>Creates the error with its sentence, and the tokens where they could be trusted.</summary>
    public SnapshotException(string message, IReadOnlyList<int>? tokens = null) : base(message) => Tokens = tokens;

    /// <summary>
    /// The session's tokens when the file is of this model and they are undamaged, else null: append them to a new
    /// session to have them computed again.
    /// </summary>
    public IReadOnlyList<int>? Tokens { get; }
}
