namespace AgentRuntime.Tools.Approval;

/// <summary>Decides which calls run, which are asked about and which are refused.</summary>
public interface IApprovalPolicy
{
    /// <summary>Decides about a call.</summary>
    ApprovalVerdict Decide(ApprovalRequest request);

    /// <summary>Whether the answer "always" to this call covers later calls of its kind.</summary>
    bool MayRemember(ApprovalRequest request);
}
