namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary>An MCP server that the workflow starts (<see cref="Command"/>) or connects to (<see cref="Url"/>); it has exactly one of the two.</summary>
public sealed record McpServer
{
    /// <summary>Its name in <c>mcp:NAME/TOOL</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Where the name is written.</summary>
    public Mark Mark { get; init; }

    /// <summary>The program to start, or null.</summary>
    public WorkflowValue? Command { get; init; }

    /// <summary>The program's arguments.</summary>
    public IReadOnlyList<WorkflowValue> Args { get; init; } = [];

    /// <summary>Environment variables of the program.</summary>
    public IReadOnlyList<NamedValue> Env { get; init; } = [];

    /// <summary>The address of a running server, or null.</summary>
    public WorkflowValue? Url { get; init; }

    /// <summary>HTTP headers to send to it.</summary>
    public IReadOnlyList<NamedValue> Headers { get; init; } = [];

    /// <summary>Longest time to start or connect, and of one call; null for the program's own limit.</summary>
    public TimeSpan? Timeout { get; init; }
}
