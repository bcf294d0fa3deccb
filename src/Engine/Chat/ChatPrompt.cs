using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat;

/// <summary>What a request makes the model read.</summary>
internal sealed record ChatPrompt
{
    /// <summary>The ids of the whole prompt.</summary>
    public required int[] Tokens { get; init; }

    /// <summary>What was computed of this conversation before, as far as that is known; null for a new conversation.</summary>
    public IReadOnlyList<int>? Expected { get; init; }

    /// <summary>The whole conversation, without the instructions of the request.</summary>
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    /// <summary>How many of them were rendered as the start.</summary>
    public required int Opening { get; init; }

    /// <summary>Names the conversation so far, see <see cref="ChatSetup.Extend"/>.</summary>
    public required string Key { get; init; }

    /// <summary>Whether the tokens begin with a beginning-of-sequence token that the template did not write.</summary>
    public required bool HasAddedBos { get; init; }

    /// <summary>Whether the tokens follow from the text.</summary>
    public required bool IsPlain { get; init; }

    /// <summary>Whether the reply begins inside a reasoning section.</summary>
    public required bool OpensReasoning { get; init; }

    /// <summary>Tool calls so far.</summary>
    public required int Calls { get; init; }
}
