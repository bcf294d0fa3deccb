namespace AgentRuntime.Engine.Chat;

/// <summary>A conversation id is not known, or not any more. Send the whole history without an id.</summary>
public sealed class ConversationLostException : EngineException
{
    /// <summary>Creates the error.</summary>
    /// <param name="conversationId">The id that was asked for.</param>
    public ConversationLostException(string conversationId)
        : base("The conversation of this ConversationId is not kept here any more or never was; send its whole history again without a ConversationId.") =>
        ConversationId = conversationId;

    /// <summary>The id that was asked for.</summary>
    public string ConversationId { get; }
}
