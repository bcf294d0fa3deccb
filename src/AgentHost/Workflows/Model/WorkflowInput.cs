using System.Text.Json.Nodes;

namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary>Something that whoever runs the workflow gives it.</summary>
public sealed record WorkflowInput
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Where the name is written.</summary>
    public Mark Mark { get; init; }

    /// <summary>What it holds.</summary>
    public InputType Type { get; init; }

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>Whether the workflow cannot run without it: it has no default.</summary>
    public bool Required { get; init; } = true;

    /// <summary>What it is when it is not given; null when it is required, or when the default is null.</summary>
    public JsonNode? Default { get; init; }

    /// <summary>Where the default is written.</summary>
    public Mark DefaultMark { get; init; }

    /// <summary>The values that are allowed; empty for any of the type.</summary>
    public IReadOnlyList<JsonNode?> Options { get; init; } = [];

    /// <summary>Where they are written.</summary>
    public Mark OptionsMark { get; init; }
}
