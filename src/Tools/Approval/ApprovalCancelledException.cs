namespace AgentRuntime.Tools.Approval;

/// <summary>The run was stopped while a call waited for its approval: the call has done nothing.</summary>
public sealed class ApprovalCancelledException : OperationCanceledException
{
    /// <summary>Creates it from the cancellation that ended the question.</summary>
    public ApprovalCancelledException(OperationCanceledException cause) : base(cause.Message, cause, cause.CancellationToken) { }
}
