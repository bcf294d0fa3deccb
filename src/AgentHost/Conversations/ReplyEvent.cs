using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Conversations;

/// <summary>A part of a reply as it comes: exactly one member is set.</summary>
public sealed record ReplyEvent
{
    /// <summary>Text for the user.</summary>
    public string? Text { get; init; }

    /// <summary>Text of a reasoning section.</summary>
    public string? Reasoning { get; init; }

    /// <summary>A tool call that is complete, though the reply may go on.</summary>
    public FunctionCallContent? Call { get; init; }

    /// <summary>The whole reply, in the last event.</summary>
    public Reply? Reply { get; init; }
}
