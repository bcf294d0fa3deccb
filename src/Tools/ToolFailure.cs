namespace AgentRuntime.Tools;

/// <summary>Carries a failure out of a tool's code to <see cref="RepositoryTool"/>, which makes it a result.</summary>
internal sealed class ToolFailure(ToolErrorKind kind, string message) : Exception(message)
{
    public ToolErrorKind Kind { get; } = kind;

    /// <summary>How long a person was asked before the call failed.</summary>
    public TimeSpan ApprovalTime { get; init; }
}
