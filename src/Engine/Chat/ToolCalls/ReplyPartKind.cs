namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>What a <see cref="ReplyPart"/> is.</summary>
public enum ReplyPartKind
{
    /// <summary>Text for the user.</summary>
    Content,
    /// <summary>Text of a reasoning section.</summary>
    Reasoning,
    /// <summary>A tool call has begun and its name is known.</summary>
    CallStarted,
    /// <summary>A further piece of a call's arguments, as the model writes them.</summary>
    Arguments,
    /// <summary>A call is complete and well-formed.</summary>
    CallReady,
    /// <summary>A call is over and could not be read; its exception says why in words that the model can use.</summary>
    CallMalformed,
}
