namespace AgentRuntime.Tools.Approval;

/// <summary>Who decides about calls that change something. Tools that only read are always allowed.</summary>
public enum ApprovalMode
{
    /// <summary>A person is asked; the default on a terminal.</summary>
    Ask,

    /// <summary>Edits and sandboxed commands run without a question.</summary>
    Auto,

    /// <summary>Nothing is changed: edits and commands are refused without a question.</summary>
    Never,
}
