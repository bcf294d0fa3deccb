namespace AgentRuntime.Tools.Approval;

/// <summary>The policy of the command line: a mode, and whether commands run in a sandbox.</summary>
public sealed class ApprovalPolicy : IApprovalPolicy
{
    private readonly ApprovalMode _mode;
    private readonly bool _sandboxed;

    /// <summary>Creates the policy.</summary>
    /// <param name="mode">Who decides.</param>
    /// <param name="sandboxed">Whether commands run in a working sandbox.</param>
    /// <param name="sandboxOff">Whether a person chose explicitly to run without one.</param>
    /// <exception cref="ToolsException">The mode is auto, no sandbox works, and nobody chose to go without.</exception>
    public ApprovalPolicy(ApprovalMode mode, bool sandboxed, bool sandboxOff = false)
    {
        if (mode == ApprovalMode.Auto && !sandboxed && !sandboxOff)
            throw new ToolsException(
                "Approval 'auto' needs a sandbox and none works here: install bubblewrap, use --approval ask, or accept the risk with --sandbox off.");
        (_mode, _sandboxed) = (mode, sandboxed);
    }

    /// <inheritdoc/>
    public ApprovalVerdict Decide(ApprovalRequest request) => _mode switch
    {
        ApprovalMode.Auto when request.Kind != ApprovalKind.Other => ApprovalVerdict.Allow,
        ApprovalMode.Never => ApprovalVerdict.Deny,
        _ => ApprovalVerdict.Ask,
    };

    /// <inheritdoc/>
    /// <remarks>A command without a sandbox can do anything, so each one is asked about.</remarks>
    public bool MayRemember(ApprovalRequest request) => request.Kind != ApprovalKind.Command || _sandboxed;
}
