using AgentRuntime.Tools.Mcp;

namespace AgentRuntime.Cli.Hosting;

/// <summary>An MCP server in <c>config.json</c>: a command with arguments and environment, or a url with headers.</summary>
/// <param name="Command">The program.</param>
/// <param name="Args">Its arguments.</param>
/// <param name="Env">Environment variables for it.</param>
/// <param name="Url">The address of a server that is running.</param>
/// <param name="Headers">HTTP headers for it.</param>
/// <param name="TimeoutSeconds">Longest start and longest call; 60 when absent.</param>
internal sealed record McpServerEntry(
    string? Command = null, IReadOnlyList<string>? Args = null, IReadOnlyDictionary<string, string>? Env = null,
    string? Url = null, IReadOnlyDictionary<string, string>? Headers = null, double? TimeoutSeconds = null)
{
    /// <summary>The settings under a name. They are trusted: the user wrote them.</summary>
    /// <exception cref="UsageException">The timeout is out of range.</exception>
    public McpServerSettings ToSettings(string name)
    {
        var settings = new McpServerSettings { Name = name, Command = Command, Url = Url, IsTrusted = true };
        if (TimeoutSeconds is { } asked && !(asked > 0 && asked <= McpServerSettings.MaxTimeout.TotalSeconds))
            throw new UsageException($"{AppPaths.Configuration}: the timeout of the MCP server '{name}' must be above 0 and at most {McpServerSettings.MaxTimeout.TotalSeconds:0} seconds.");
        return settings with
        {
            Arguments = Args ?? [],
            Environment = Env ?? settings.Environment,
            Headers = Headers ?? settings.Headers,
            Timeout = TimeoutSeconds is { } timeout ? TimeSpan.FromSeconds(timeout) : settings.Timeout,
        };
    }
}
