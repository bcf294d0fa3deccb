using AgentRuntime.AgentHost.Journal;
using AgentRuntime.Tools.Approval;
using AgentRuntime.Tools.Mcp;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Workflows.Running;

/// <summary>What a run of a workflow needs of its surroundings.</summary>
public sealed record WorkflowHost
{
    /// <summary>Most steps that run at a time when nothing else is said.</summary>
    public const int DefaultMaxParallel = 8;

    /// <summary>Full path of the repository that tools, commands and agents work on.</summary>
    public required string Repository { get; init; }

    /// <summary>The built-in tools, under the run's approval mode or a stricter one that an agent asks for; null for the run's.</summary>
    public required Func<ApprovalMode?, IReadOnlyList<AIFunction>> Tools { get; init; }

    /// <summary>Decides about MCP servers and their tools.</summary>
    public required ApprovalGate Approval { get; init; }

    /// <summary>Makes conversations.</summary>
    public required IWorkflowModels Models { get; init; }

    /// <summary>Records the runs of agents.</summary>
    public required RunJournal Journal { get; init; }

    /// <summary>MCP servers of the user's configuration, by name.</summary>
    public IReadOnlyDictionary<string, McpServerSettings> Servers { get; init; } = new Dictionary<string, McpServerSettings>();

    /// <summary>A secret by its name; null when there is none.</summary>
    public Func<string, string?> Secret { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>What becomes of an agent's call that was under way when its process died.</summary>
    public Func<RecordedCall, CancellationToken, ValueTask<InterruptedCallDecision>> AskAboutInterrupted { get; init; } =
        (_, _) => new(InterruptedCallDecision.Skip);

    /// <summary>Most steps that run at a time, at least 1.</summary>
    public int MaxParallel { get; init; } = DefaultMaxParallel;

    /// <summary>Longest time of one call of a tool that has no limit of its own.</summary>
    public TimeSpan ToolTimeout { get; init; } = new AgentOptions().ToolTimeout;

    /// <summary>Told of everything that happens, one event at a time, in order.</summary>
    public Action<Events.WorkflowEvent>? OnEvent { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
