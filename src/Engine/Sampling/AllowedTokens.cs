namespace AgentRuntime.Engine.Sampling;

/// <summary>Tells which tokens may come next, as <see cref="ITokenMask.Allowed"/> does: a bit each, or nothing when all may. Does not throw.</summary>
public delegate ReadOnlySpan<ulong> AllowedTokens();
