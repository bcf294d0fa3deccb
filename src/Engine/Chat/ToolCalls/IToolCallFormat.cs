using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>How a family of models writes tool calls. Stateless; safe for concurrent use.</summary>
public interface IToolCallFormat
{
    /// <summary>Its name, for instance <c>hermes</c>.</summary>
    string Name { get; }

    /// <summary>The texts that begin a call; what stands before the first of them is free text.</summary>
    IReadOnlyList<string> Openings { get; }

    /// <summary>The fixed texts of a call, for constraining it and for writing it.</summary>
    ToolCallShape Shape { get; }

    /// <summary>Whether a template is of this family.</summary>
    bool Matches(string templateSource);

    /// <summary>The text of calls as the family writes them, with arguments in the style of Python's <c>json.dumps</c>.</summary>
    string Write(IEnumerable<FunctionCallContent> calls);

    /// <summary>A parser for one reply.</summary>
    /// <param name="options">What to know about the reply; null for the defaults.</param>
    ToolCallParser CreateParser(ToolCallParserOptions? options = null);
}
