using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat;

/// <summary>
/// A piece of a function call while the model writes it, only where <see cref="EngineChatProperties.StreamCalls"/> asks for it. The first piece of
/// a call has its name; the complete <see cref="FunctionCallContent"/> follows the last.
/// </summary>
/// <param name="callId">The id of the call that it belongs to.</param>
/// <param name="name">The function's name, in the first piece; else null.</param>
/// <param name="arguments">A further piece of the JSON text of the arguments; may be empty.</param>
public sealed class FunctionCallPiece(string callId, string? name, string arguments) : AIContent
{
    /// <summary>The id of the call that it belongs to.</summary>
    public string CallId { get; } = callId;

    /// <summary>The function's name, in the first piece.</summary>
    public string? Name { get; } = name;

    /// <summary>A further piece of the arguments.</summary>
    public string Arguments { get; } = arguments;
}
