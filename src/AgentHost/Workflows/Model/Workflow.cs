namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary>A workflow as written in its file.</summary>
public sealed record Workflow
{
    /// <summary>The version of the language that this program reads.</summary>
    public const int CurrentVersion = 1;

    /// <summary>The file, as it was named.</summary>
    public required string File { get; init; }

    /// <summary>Version of the language; <see cref="CurrentVersion"/>.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>Its name, for people.</summary>
    public required string Name { get; init; }

    /// <summary>What it does.</summary>
    public string? Description { get; init; }

    /// <summary>What it is given, in the order of the file.</summary>
    public IReadOnlyList<WorkflowInput> Inputs { get; init; } = [];

    /// <summary>What it gives back; may refer to every step.</summary>
    public IReadOnlyList<NamedValue> Outputs { get; init; } = [];

    /// <summary>Names for <c>env.NAME</c>, which commands also get as environment variables; may refer to inputs and secrets.</summary>
    public IReadOnlyList<NamedValue> Env { get; init; } = [];

    /// <summary>What steps get that do not say otherwise; already in the steps.</summary>
    public WorkflowDefaults Defaults { get; init; } = new();

    /// <summary>MCP servers, in the order of the file; may refer to inputs, env and secrets.</summary>
    public IReadOnlyList<McpServer> Mcp { get; init; } = [];

    /// <summary>The steps in the order of the file, which is not the order in which they run.</summary>
    public IReadOnlyList<WorkflowStep> Steps { get; init; } = [];

    /// <summary>The step with an id, or null.</summary>
    public WorkflowStep? Find(string id) => Steps.FirstOrDefault(s => s.Id == id);
}
