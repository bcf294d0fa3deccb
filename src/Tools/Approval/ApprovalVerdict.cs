namespace AgentRuntime.Tools.Approval;

/// <summary>What the policy says of a call.</summary>
public enum ApprovalVerdict
{
    /// <summary>It runs.</summary>
    Allow,

    /// <summary>A person is asked.</summary>
    Ask,

    /// <summary>It does not run.</summary>
    Deny,
}
