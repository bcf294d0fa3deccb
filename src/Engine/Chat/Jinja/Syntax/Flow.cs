namespace AgentRuntime.Engine.Chat.Jinja.Syntax;

/// <summary>How a statement ended.</summary>
internal enum Flow
{
    /// <summary>Go on with the next one.</summary>
    Next,
    /// <summary>Leave the loop.</summary>
    Break,
    /// <summary>Go on with the loop's next pass.</summary>
    Continue,
}
