namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>What a parser has to know about a reply.</summary>
public sealed record ToolCallParserOptions
{
    /// <summary>Whether the prompt already opened a reasoning section, as some templates do.</summary>
    public bool StartsInReasoning { get; init; }

    /// <summary>Number of calls earlier in the conversation; ids go on from there: <c>call00001</c> is the first.</summary>
    public int CallsBefore { get; init; }

    /// <summary>Parameter types by tool and parameter, for families that write arguments without JSON; see <see cref="ToolSchemas"/>.</summary>
    public ToolSchemas? Schemas { get; init; }

    /// <summary>
    /// Whether the reply is held to a <see cref="ToolCallGrammar"/>: then an object without a mark is a call only if it begins
    /// as the grammar has it, and otherwise text.
    /// </summary>
    public bool IsHeld { get; init; }
}
