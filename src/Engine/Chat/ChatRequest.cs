using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat;

/// <summary>One call of a chat client, checked.</summary>
internal sealed record ChatRequest
{
    /// <summary>The whole history, or with a <see cref="ConversationId"/> what is new.</summary>
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    /// <summary>What the conversation goes on from, or null.</summary>
    public string? ConversationId { get; init; }

    /// <summary>What stands before the conversation.</summary>
    public required ChatSetup Setup { get; init; }

    /// <summary>How to generate.</summary>
    public required Sessions.GenerationOptions Generation { get; init; }

    /// <summary>Whether calls may come, must come or cannot come.</summary>
    public ChatToolMode ToolMode { get; init; } = ChatToolMode.Auto;

    /// <summary>Whether calls that the model writes are calls; otherwise they are text.</summary>
    public bool AllowsCalls { get; init; }

    /// <summary>Whether the reply ends with its first call.</summary>
    public bool OneCall { get; init; }

    /// <summary>Whether pieces of calls are reported as they come.</summary>
    public bool StreamsCalls { get; init; }

    /// <summary>Whether the response contains the reasoning.</summary>
    public bool ShowsReasoning { get; init; } = true;

    /// <summary>The JSON schema of the reply, or null for text.</summary>
    public string? Schema { get; init; }
}
