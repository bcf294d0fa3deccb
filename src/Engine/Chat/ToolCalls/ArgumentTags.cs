namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>The tags of a family that writes each argument between tags.</summary>
/// <param name="Mark">Before the tool's name.</param>
/// <param name="AfterName">The character that ends the name.</param>
/// <param name="BeforeKey">Before an argument's name.</param>
/// <param name="AfterKey">After an argument's name.</param>
/// <param name="BeforeValue">Before its value, if not directly after <paramref name="AfterKey"/>.</param>
/// <param name="AfterValue">After its value.</param>
/// <param name="Close">After the last argument.</param>
/// <param name="TrimsLineEnds">Whether values stand on lines of their own.</param>
internal sealed record ArgumentTags(
    string Mark, char AfterName, string BeforeKey, string AfterKey, string BeforeValue, string AfterValue, string Close, bool TrimsLineEnds);
