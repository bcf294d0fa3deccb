namespace AgentRuntime.AgentHost.Events;

/// <summary>A running tool wrote output, for display; the model sees the result only.</summary>
/// <param name="Run">Id of the run.</param>
/// <param name="Step">Number of the step.</param>
/// <param name="Call">Id of the call.</param>
/// <param name="Text">The output.</param>
public sealed record ToolOutput(string Run, int Step, string Call, string Text) : AgentEvent(Run);
