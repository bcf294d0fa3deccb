namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>Reads what follows a family's opening mark.</summary>
internal interface ICallReader
{
    /// <summary>Takes from the buffer what is certain.</summary>
    /// <param name="buffer">The text after the mark.</param>
    /// <param name="sink">Receives the parts.</param>
    /// <param name="atEnd">Whether nothing will follow: then everything must be decided.</param>
    /// <returns>Whether the calls are over and free text follows.</returns>
    bool Read(TextBuffer buffer, PartSink sink, bool atEnd);
}
