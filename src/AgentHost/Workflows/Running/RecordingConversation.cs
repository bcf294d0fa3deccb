using System.Runtime.CompilerServices;
using AgentRuntime.AgentHost.Conversations;
using AgentRuntime.Engine.Sessions;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Workflows.Running;

/// <summary>A conversation that notes what is added to it. The one inside stays its owner's.</summary>
internal sealed class RecordingConversation(IConversation inner) : IConversation
{
    private readonly List<TranscriptEntry> _transcript = [];

    /// <summary>What was added.</summary>
    public IReadOnlyList<TranscriptEntry> Transcript => _transcript;

    public string Model => inner.Model;

    public int ContextTokens => inner.ContextTokens;

    public long ComputedTokens => inner.ComputedTokens;

    public GenerationOptions? Generation { get => inner.Generation; set => inner.Generation = value; }

    public async ValueTask AppendAsync(IReadOnlyList<ChatMessage> messages, CancellationToken cancellationToken = default)
    {
        await inner.AppendAsync(messages, cancellationToken).ConfigureAwait(false);
        _transcript.Add(new(messages, null));
    }

    public async ValueTask AppendReplyAsync(Reply reply, CancellationToken cancellationToken = default)
    {
        await inner.AppendReplyAsync(reply, cancellationToken).ConfigureAwait(false);
        _transcript.Add(new(null, reply));
    }

    public async IAsyncEnumerable<ReplyEvent> RespondAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var part in inner.RespondAsync(cancellationToken).ConfigureAwait(false))
        {
            if (part.Reply is { FinishReason: not FinishReason.Cancelled } reply) _transcript.Add(new(null, reply));
            yield return part;
        }
    }

    public ValueTask<IConversation> ForkAsync(CancellationToken cancellationToken = default) => inner.ForkAsync(cancellationToken);

    public ConversationCheckpoint Checkpoint() => inner.Checkpoint();

    /// <exception cref="NotSupportedException">Always: what was noted stays.</exception>
    public ValueTask RewindAsync(ConversationCheckpoint checkpoint, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("A conversation that is being recorded cannot be rewound.");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
