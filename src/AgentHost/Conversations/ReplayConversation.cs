using System.Runtime.CompilerServices;
using AgentRuntime.Engine.Sessions;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Conversations;

/// <summary>
/// A resident conversation whose replies are those of a recorded run: they are computed, not sampled. With tools that
/// return at once it shows what the host itself costs.
/// </summary>
/// <param name="inner">An empty conversation; this one disposes it.</param>
/// <param name="replies">The replies in order.</param>
public sealed class ReplayConversation(ResidentConversation inner, IReadOnlyList<Reply> replies) : IConversation
{
    private int _next;

    /// <inheritdoc/>
    public string Model => inner.Model;

    /// <inheritdoc/>
    public int ContextTokens => inner.ContextTokens;

    /// <inheritdoc/>
    public long ComputedTokens => inner.ComputedTokens;

    /// <inheritdoc/>
    public GenerationOptions? Generation { get => inner.Generation; set => inner.Generation = value; }

    /// <inheritdoc/>
    public ValueTask AppendAsync(IReadOnlyList<ChatMessage> messages, CancellationToken cancellationToken = default) => inner.AppendAsync(messages, cancellationToken);

    /// <inheritdoc/>
    public ValueTask AppendReplyAsync(Reply reply, CancellationToken cancellationToken = default) => inner.AppendReplyAsync(reply, cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="AgentException">The record has no more replies.</exception>
    public async IAsyncEnumerable<ReplyEvent> RespondAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (_next == replies.Count) throw new AgentException("The recorded run has no more replies.");
        var reply = replies[_next++];
        await inner.AppendReplyAsync(reply, cancellationToken).ConfigureAwait(false);
        var usage = await inner.ComputeAsync(cancellationToken).ConfigureAwait(false);
        if (reply.Message.Text.Length > 0) yield return new() { Text = reply.Message.Text };
        foreach (var call in reply.Calls) yield return new() { Call = call };
        yield return new() { Reply = reply with { Usage = usage with { OutputTokens = 0 } } };
    }

    /// <inheritdoc/>
    public async ValueTask<IConversation> ForkAsync(CancellationToken cancellationToken = default) =>
        new ReplayConversation((ResidentConversation)await inner.ForkAsync(cancellationToken).ConfigureAwait(false), replies) { _next = _next };

    /// <inheritdoc/>
    public ConversationCheckpoint Checkpoint() => inner.Checkpoint();

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always: a record has one course.</exception>
    public ValueTask RewindAsync(ConversationCheckpoint checkpoint, CancellationToken cancellationToken = default) => throw new NotSupportedException("A replay cannot be rewound.");

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
