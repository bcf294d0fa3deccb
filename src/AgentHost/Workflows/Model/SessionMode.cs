namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary>Where a step's conversation comes from.</summary>
public enum SessionMode
{
    /// <summary>An empty conversation.</summary>
    New,

    /// <summary>Goes on with the named conversation, which all steps of that name share in the order of the plan, then of the file.</summary>
    Shared,

    /// <summary>A continuation of its own of another step's conversation.</summary>
    Fork,
}
