using AgentRuntime.Engine.Sessions;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Conversations;

/// <summary>
/// An append-only conversation with a model. What was appended or replied stays as it is, to the token, so that a step
/// costs its new tokens only. Used by one caller at a time.
/// </summary>
public interface IConversation : IAsyncDisposable
{
    /// <summary>Name of the model.</summary>
    string Model { get; }

    /// <summary>Tokens in the conversation so far, as far as they are known: appended messages count once they were rendered.</summary>
    int ContextTokens { get; }

    /// <summary>Tokens that went through the model for this conversation: prefilled plus decoded.</summary>
    long ComputedTokens { get; }

    /// <summary>How replies are generated from now on; null for the way that the conversation was made with.</summary>
    /// <exception cref="AgentException">The model cannot be told that.</exception>
    GenerationOptions? Generation { get; set; }

    /// <summary>Appends messages. The first call holds the system messages and the task, later ones tool results or the user's next message.</summary>
    ValueTask AppendAsync(IReadOnlyList<ChatMessage> messages, CancellationToken cancellationToken = default);

    /// <summary>Appends a reply that was generated earlier, as it was: how a recorded run is restored.</summary>
    ValueTask AppendReplyAsync(Reply reply, CancellationToken cancellationToken = default);

    /// <summary>Lets the model reply to what was appended. The last event holds the whole <see cref="Reply"/>, which is then part of the conversation.</summary>
    /// <exception cref="Engine.ContextOverflowException">What was appended does not fit.</exception>
    IAsyncEnumerable<ReplyEvent> RespondAsync(CancellationToken cancellationToken = default);

    /// <summary>An independent continuation that shares everything up to here.</summary>
    ValueTask<IConversation> ForkAsync(CancellationToken cancellationToken = default);

    /// <summary>Marks this place, for <see cref="RewindAsync"/>.</summary>
    ConversationCheckpoint Checkpoint();

    /// <summary>Forgets what came after a checkpoint of this conversation.</summary>
    ValueTask RewindAsync(ConversationCheckpoint checkpoint, CancellationToken cancellationToken = default);
}
