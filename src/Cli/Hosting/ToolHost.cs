using System.CommandLine;
using AgentRuntime.AgentHost;
using AgentRuntime.Cli.Output;
using AgentRuntime.Tools;
using AgentRuntime.Tools.Approval;
using AgentRuntime.Tools.Sandbox;

namespace AgentRuntime.Cli.Hosting;

/// <summary>A repository's tools under the policy and sandbox of the command line: the same for a run and for <c>tools call</c>.</summary>
internal sealed class ToolHost : IDisposable
{
    private readonly ApprovalGate _gate;

    private ToolHost(string repository, ISandbox sandbox, ApprovalGate gate)
    {
        _gate = gate;
        var context = new ToolContext(repository, sandbox, gate);
        Dispatcher = new(RepositoryTools.Create(context), new AgentOptions().ToolTimeout);
    }

    /// <summary>Where calls that change something are decided about.</summary>
    public ApprovalGate Gate => _gate;

    /// <summary>Runs the tools.</summary>
    public ToolDispatcher Dispatcher { get; }

    /// <summary>Sets them up.</summary>
    /// <exception cref="ToolsException">Approval is automatic and there is no sandbox.</exception>
    public static ToolHost Create(ParseResult result, AgentArguments arguments, string repository) =>
        Create(repository, arguments.Approval(result), arguments.SandboxOff(result));

    /// <summary>Sets them up.</summary>
    public static ToolHost Create(string repository, ApprovalMode mode, bool sandboxOff)
    {
        var sandbox = sandboxOff ? new NoSandbox() : SandboxProbe.Status.Sandbox;
        return Create(repository, sandbox, new ApprovalPolicy(mode, sandbox.IsConfined, sandboxOff));
    }

    /// <summary>Sets them up under a policy of the caller's.</summary>
    public static ToolHost Create(string repository, ISandbox sandbox, IApprovalPolicy policy) =>
        new(repository, sandbox, new(policy, Consoles.CanAsk ? new ConsoleApproval(Consoles.Error) : null));

    public void Dispose() => _gate.Dispose();
}
