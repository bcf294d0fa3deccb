using AgentRuntime.Tools.Approval;

namespace AgentRuntime.Cli.Hosting;

/// <summary>The policy of the command line, but MCP servers and their tools may be allowed once and for all with <c>--allow-mcp</c>.</summary>
internal sealed class WorkflowPolicy(ApprovalMode mode, ApprovalPolicy policy, bool allowMcp) : IApprovalPolicy
{
    public ApprovalVerdict Decide(ApprovalRequest request) =>
        allowMcp && mode != ApprovalMode.Never && request.Kind == ApprovalKind.Other ? ApprovalVerdict.Allow : policy.Decide(request);

    public bool MayRemember(ApprovalRequest request) => policy.MayRemember(request);
}
