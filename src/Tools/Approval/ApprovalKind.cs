namespace AgentRuntime.Tools.Approval;

/// <summary>What kind of change a call makes.</summary>
public enum ApprovalKind
{
    /// <summary>It changes a file of the repository; the detail is a unified diff.</summary>
    Edit,

    /// <summary>It runs a command; the detail is the command.</summary>
    Command,

    /// <summary>Anything else, a tool of an MCP server say; the detail is the call.</summary>
    Other,
}
