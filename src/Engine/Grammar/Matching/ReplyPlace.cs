using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>A place in the outline of a reply.</summary>
/// <param name="Text">What is written there, and what follows: see <see cref="ReplyNode"/>.</param>
/// <param name="MayEnd">Whether the reply may end anywhere in it.</param>
internal sealed record ReplyPlace(BranchAutomaton Text, bool MayEnd = false)
{
    /// <summary>For a reasoning section, the place that writes its closing mark and nothing else; otherwise null.</summary>
    public int? Close { get; init; }
}
