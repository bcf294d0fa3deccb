namespace AgentRuntime.Engine.Sessions;

/// <summary>How far the engine is with a prompt.</summary>
/// <param name="Done">Prompt tokens that are resident or computed.</param>
/// <param name="Total">Prompt tokens.</param>
public readonly record struct PrefillProgress(int Done, int Total);
