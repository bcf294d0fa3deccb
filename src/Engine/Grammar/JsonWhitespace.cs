namespace AgentRuntime.Engine.Grammar;

/// <summary>Where whitespace may stand between the parts of JSON.</summary>
public enum JsonWhitespace
{
    /// <summary>Anywhere, a space or a line break with indentation: the model chooses its style.</summary>
    Free,

    /// <summary>One space after each comma and colon, as models mostly write tool calls; nowhere else. More of the text is then forced.</summary>
    Fixed,
}
