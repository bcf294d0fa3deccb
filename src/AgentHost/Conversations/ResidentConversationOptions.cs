namespace AgentRuntime.AgentHost.Conversations;

/// <summary>How far a <see cref="ResidentConversation"/> holds replies to the tools.</summary>
public sealed record ResidentConversationOptions
{
    /// <summary>Whether a call, once begun, can only be a well-formed one of the tools on offer.</summary>
    public bool ConstrainToolCalls { get; init; } = true;

    /// <summary>Whether arguments that tools declare as grounded are held to what exists, such as paths to files; only where calls are held at all.</summary>
    public bool GroundArguments { get; init; } = true;

    /// <summary>Names of tools whose arguments are not held to what exists.</summary>
    public IReadOnlySet<string> UngroundedTools { get; init; } = new HashSet<string>();

    /// <summary>
    /// Whether a tool whose schema the grammar does not support is held to the names of its parameters only; otherwise it is
    /// refused.
    /// </summary>
    public bool LoosenUnsupportedSchemas { get; init; }
}
