namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>A tool call that the model wrote cannot be read. The message is meant for the model to read and correct itself.</summary>
public sealed class ToolCallFormatException : EngineException
{
    /// <summary>Creates the error.</summary>
    /// <param name="message">What is wrong with the call and how it should look.</param>
    /// <param name="text">The call as the model wrote it.</param>
    public ToolCallFormatException(string message, string text) : base(message) => Text = text;

    /// <summary>The call as the model wrote it.</summary>
    public string Text { get; }
}
