using AgentRuntime.AgentHost.Conversations;
using AgentRuntime.AgentHost.Journal;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Workflows.Running;

/// <summary>What a step added to its conversation, in order: messages or a reply. From these a conversation is restored as it was, to the token.</summary>
/// <param name="Messages">Messages that were appended; null for a reply.</param>
/// <param name="Reply">A reply; null for messages.</param>
internal sealed record TranscriptEntry(IReadOnlyList<ChatMessage>? Messages, Reply? Reply)
{
    public static string Write(IReadOnlyList<TranscriptEntry> transcript) => JournalJson.Write(transcript);

    public static IReadOnlyList<TranscriptEntry> Read(string json) => JournalJson.Read<List<TranscriptEntry>>(json);

    /// <summary>Adds it to a conversation again.</summary>
    public ValueTask AppendAsync(IConversation conversation, CancellationToken cancellationToken) =>
        Reply is { } reply ? conversation.AppendReplyAsync(reply, cancellationToken) : conversation.AppendAsync(Messages ?? [], cancellationToken);
}
