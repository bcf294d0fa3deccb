using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>A part of a reply, in the order in which the model writes it.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">The text, a call's name, or a piece of its arguments; empty for a finished call.</param>
/// <param name="CallIndex">Which call of the reply it belongs to, from 0; -1 for text.</param>
/// <param name="Call">The call, for <see cref="ReplyPartKind.CallReady"/> and <see cref="ReplyPartKind.CallMalformed"/>.</param>
public sealed record ReplyPart(ReplyPartKind Kind, string Text = "", int CallIndex = -1, FunctionCallContent? Call = null)
{
    /// <summary>The id that the call will have, for <see cref="ReplyPartKind.CallStarted"/>.</summary>
    public string? CallId { get; init; }
}
