namespace AgentRuntime.Engine.Sessions;

/// <summary>Why a generation ended.</summary>
public enum FinishReason
{
    /// <summary>The model ended its reply, or a stop sequence was met.</summary>
    Stop,
    /// <summary>The token limit was reached.</summary>
    Length,
    /// <summary>The caller cancelled it.</summary>
    Cancelled,
}
