namespace AgentRuntime.Server.Tests.Load;

/// <summary>How a client reads.</summary>
internal enum LoadKind
{
    Steady,
    /// <summary>With pauses.</summary>
    Slow,
    /// <summary>Leaves in the middle of the answer.</summary>
    Cut,
}
