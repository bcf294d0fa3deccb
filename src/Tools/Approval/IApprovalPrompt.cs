namespace AgentRuntime.Tools.Approval;

/// <summary>Asks a person. Called for one call at a time.</summary>
public interface IApprovalPrompt
{
    /// <summary>Shows the call and returns the answer.</summary>
    ValueTask<ApprovalAnswer> AskAsync(ApprovalRequest request, CancellationToken cancellationToken);
}
