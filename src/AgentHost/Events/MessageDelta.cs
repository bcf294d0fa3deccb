namespace AgentRuntime.AgentHost.Events;

/// <summary>The model wrote text.</summary>
/// <param name="Run">Id of the run.</param>
/// <param name="Step">Number of the step.</param>
/// <param name="Text">The text, at least one character.</param>
/// <param name="Reasoning">Whether it belongs to a reasoning section.</param>
public sealed record MessageDelta(string Run, int Step, string Text, bool Reasoning) : AgentEvent(Run);
