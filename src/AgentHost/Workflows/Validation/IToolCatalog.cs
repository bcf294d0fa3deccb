namespace AgentRuntime.AgentHost.Workflows.Validation;

/// <summary>The tools that a workflow can use, as far as they are known before anything runs.</summary>
public interface IToolCatalog
{
    /// <summary>The built-in tools.</summary>
    IReadOnlyList<ToolSignature> BuiltIn { get; }

    /// <summary>Names of MCP servers that are configured outside of the workflow.</summary>
    IReadOnlyList<string> Servers { get; }

    /// <summary>The tools of an MCP server; null when they are not known, because nothing is started to find out.</summary>
    IReadOnlyList<ToolSignature>? OfServer(string server);
}
