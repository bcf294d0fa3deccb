using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat;

/// <summary>A conversation right after one of its replies: what is needed to go on from there to the token.</summary>
internal sealed record KnownConversation
{
    /// <summary>The id that the caller got; cannot be guessed.</summary>
    public required string Id { get; init; }

    /// <summary>Names it by what it says, see <see cref="ChatSetup.Extend"/>.</summary>
    public required string Key { get; init; }

    /// <summary><see cref="ChatSetup.Key"/> of what stands before it.</summary>
    public required string SetupKey { get; init; }

    /// <summary>All messages, the reply last.</summary>
    public required IReadOnlyList<ChatMessage> Messages { get; init; }

    /// <summary>How many of them were rendered as the start.</summary>
    public required int Opening { get; init; }

    /// <summary>Prompt and replies; what the model generated is as it generated it.</summary>
    public required int[] Tokens { get; init; }

    /// <summary>Text of the control token that ended the reply, or null when it was cut off.</summary>
    public required string? EndText { get; init; }

    /// <summary>Whether the tokens begin with a beginning-of-sequence token that the template did not write.</summary>
    public required bool HasAddedBos { get; init; }

    /// <summary>Whether the tokens follow from the text: no message holds the text of a control token.</summary>
    public required bool IsPlain { get; init; }

    /// <summary>Tool calls so far.</summary>
    public required int Calls { get; init; }
}
