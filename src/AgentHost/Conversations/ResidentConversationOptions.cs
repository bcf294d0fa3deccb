namespace AgentRuntime.AgentHost.Conversations;

/// <summary>How far a <see cref="ResidentConversation"/> holds replies to the tools.</summary>
public sealed record ResidentConversationOptions
{
    /// <summary>Whether a call, once begun, can only be a well-formed one of the tools on offer.</summary>
    public bool ConstrainToolCalls { get; init; } = true;

    /// <summary>
    /// Whether a tool whose schema the grammar does not support is held to the names of its parameters only; otherwise it is
    /// refused.
    /// </summary>
    public bool LoosenUnsupportedSchemas { get; init; }
}
