namespace AgentRuntime.Engine.Grammar.Grounding;

/// <summary>Where the values of a tool's parameter come from.</summary>
/// <param name="Values">
/// Says what the argument may be at the moment when it is asked, or null for anything that the schema allows. It is asked for
/// each call anew, on any thread and ahead of need, so it must neither change anything nor take long.
/// </param>
/// <param name="Needs">Parameters that it depends on: they are written before this one.</param>
public sealed record ValueSource(Func<CallInProgress, ValueDomain?> Values, params IReadOnlyList<string> Needs);
