using AgentRuntime.Tools.Approval;
using AgentRuntime.Tools.Files;
using AgentRuntime.Tools.Sandbox;

namespace AgentRuntime.Tools;

/// <summary>What the tools of one repository share. Safe for calls at the same time.</summary>
public sealed class ToolContext
{
    /// <summary>Creates the context of the tools.</summary>
    /// <param name="repository">The repository's root folder.</param>
    /// <param name="sandbox">Where commands run.</param>
    /// <param name="approval">Decides which calls may change something.</param>
    /// <param name="time">The clock; the system's when null.</param>
    /// <exception cref="ToolsException">The folder does not exist, or is a root of the file system.</exception>
    public ToolContext(string repository, ISandbox sandbox, ApprovalGate approval, TimeProvider? time = null)
    {
        Paths = new RepositoryPaths(repository);
        Grounding = new FileGrounding(Paths);
        Sandbox = sandbox;
        Approval = approval;
        Time = time ?? TimeProvider.System;
    }

    /// <summary>Resolves paths, and keeps them inside the repository.</summary>
    public RepositoryPaths Paths { get; }

    /// <summary>What exists in the repository.</summary>
    internal FileGrounding Grounding { get; }

    /// <summary>Where commands run.</summary>
    public ISandbox Sandbox { get; }

    /// <summary>Decides which calls may change something.</summary>
    public ApprovalGate Approval { get; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; }
}
