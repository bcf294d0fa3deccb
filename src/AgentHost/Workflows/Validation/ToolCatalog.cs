using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Workflows.Validation;

/// <summary>A catalog of given tools.</summary>
/// <param name="builtIn">The built-in tools.</param>
/// <param name="servers">MCP servers that are configured outside of the workflow, with their tools where they are known.</param>
public sealed class ToolCatalog(IEnumerable<AIFunction> builtIn, IReadOnlyDictionary<string, IReadOnlyList<ToolSignature>?>? servers = null) : IToolCatalog
{
    /// <inheritdoc/>
    public IReadOnlyList<ToolSignature> BuiltIn { get; } = [.. builtIn.Select(ToolSignature.Of)];

    /// <inheritdoc/>
    public IReadOnlyList<string> Servers { get; } = [.. servers?.Keys ?? []];

    /// <inheritdoc/>
    public IReadOnlyList<ToolSignature>? OfServer(string server) => servers?.GetValueOrDefault(server);
}
