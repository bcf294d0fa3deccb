using AgentRuntime.Tools.Approval;

namespace AgentRuntime.Cli.Hosting;

/// <summary>The demonstration's policy: it works on a copy, so edits run; without a sandbox the only command is the test's.</summary>
internal sealed class DemoPolicy(bool sandboxed) : IApprovalPolicy
{
    public const string TestCommand = "dotnet run";

    public ApprovalVerdict Decide(ApprovalRequest request) =>
        request.Kind == ApprovalKind.Edit || sandboxed || request.Detail == TestCommand ? ApprovalVerdict.Allow : ApprovalVerdict.Deny;

    public bool MayRemember(ApprovalRequest request) => false;
}
