using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.AgentHost.Conversations;

/// <summary>A place in a conversation.</summary>
/// <param name="Messages">Number of messages and replies before it.</param>
/// <param name="Tokens">Number of tokens before it.</param>
public sealed record ConversationCheckpoint(int Messages, int Tokens)
{
    /// <summary>For a resident conversation: the place in its session.</summary>
    internal SessionCheckpoint? Session { get; init; }
}
