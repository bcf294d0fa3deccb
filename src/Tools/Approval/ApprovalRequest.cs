namespace AgentRuntime.Tools.Approval;

/// <summary>A call that would change something.</summary>
/// <param name="Tool">The tool's name.</param>
/// <param name="Kind">What kind of change it makes.</param>
/// <param name="Detail">What a person decides by: the diff, the command or the call.</param>
public sealed record ApprovalRequest(string Tool, ApprovalKind Kind, string Detail);
