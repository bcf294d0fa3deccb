using AgentRuntime.Engine.Grammar;
using AgentRuntime.Engine.Grammar.Grounding;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>What a <see cref="ToolCallGrammar"/> demands of a reply.</summary>
public sealed record ToolCallGrammarOptions
{
    /// <summary>
    /// Whether calls may come (auto), must come (required, or one tool by its name) or cannot come (none). Where they must,
    /// nothing but reasoning stands before them.
    /// </summary>
    public ChatToolMode Mode { get; init; } = ChatToolMode.Auto;

    /// <summary>Whether several calls may come in one reply.</summary>
    public bool AllowMultipleCalls { get; init; } = true;

    /// <summary>Whether the model may begin with a reasoning section even where a call must come; otherwise only one that the prompt has opened is free.</summary>
    public bool MayReason { get; init; }

    /// <summary>White space in arguments that are JSON: by default fixed, which leaves more of a call without a choice.</summary>
    public JsonWhitespace Whitespace { get; init; } = JsonWhitespace.Fixed;

    /// <summary>Where arguments come from that are held to values that exist; null to hold them to their schemas alone.</summary>
    public ToolGrounding? Grounding { get; init; }

    /// <summary>
    /// Whether a tool whose schema the grammar does not support is held to the names of its parameters only; otherwise it is
    /// refused.
    /// </summary>
    public bool LoosenUnsupportedSchemas { get; init; }
}
