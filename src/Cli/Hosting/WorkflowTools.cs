using AgentRuntime.Tools.Approval;
using AgentRuntime.Tools.Sandbox;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Cli.Hosting;

/// <summary>The built-in tools of a workflow's run, under its approval mode and under stricter ones that its agents ask for.</summary>
internal sealed class WorkflowTools : IDisposable
{
    private readonly Dictionary<ApprovalMode, ToolHost> _hosts = [];
    private readonly ApprovalMode _mode;

    /// <exception cref="Tools.ToolsException">Approval is automatic and there is no sandbox.</exception>
    public WorkflowTools(string repository, ApprovalMode mode, bool sandboxOff, bool allowMcp)
    {
        _mode = mode;
        var sandbox = sandboxOff ? new NoSandbox() : SandboxProbe.Status.Sandbox;
        foreach (var each in Enum.GetValues<ApprovalMode>().Where(m => Strictness(m) >= Strictness(mode)))
            _hosts[each] = ToolHost.Create(repository, sandbox, new WorkflowPolicy(each, new(each, sandbox.IsConfined, sandboxOff), allowMcp));
    }

    /// <summary>Decides about MCP servers and their tools.</summary>
    public ApprovalGate Gate => _hosts[_mode].Gate;

    /// <summary>The tools under a mode; under the run's own where that is stricter, or none is named.</summary>
    public IReadOnlyList<AIFunction> Under(ApprovalMode? mode) => _hosts.GetValueOrDefault(mode ?? _mode, _hosts[_mode]).Dispatcher.Tools;

    public void Dispose()
    {
        foreach (var host in _hosts.Values) host.Dispose();
    }

    private static int Strictness(ApprovalMode mode) => mode switch { ApprovalMode.Auto => 0, ApprovalMode.Ask => 1, _ => 2 };
}
