using AgentRuntime.Tools.Approval;

namespace AgentRuntime.Tools.Mcp;

/// <summary>Servers that run together: all are started, or none.</summary>
public sealed class McpServers : IAsyncDisposable
{
    private readonly IReadOnlyList<McpServer> _servers;

    private McpServers(IReadOnlyList<McpServer> servers) => _servers = servers;

    /// <summary>No servers.</summary>
    public static McpServers None { get; } = new([]);

    /// <summary>The tools of all servers, by server and then in ordinal order of name.</summary>
    public IEnumerable<McpTool> Tools => _servers.SelectMany(server => server.Tools);

    /// <summary>Starts servers side by side.</summary>
    /// <param name="settings">The servers, with distinct names.</param>
    /// <param name="approval">Decides whether those may start that the user's configuration does not declare, and about calls.</param>
    /// <param name="time">The clock; the system's when null.</param>
    /// <param name="cancellationToken">Gives up; those that run are stopped.</param>
    /// <exception cref="ToolsException">One could not be started; those that run are stopped.</exception>
    public static async Task<McpServers> StartAsync(
        IReadOnlyCollection<McpServerSettings> settings, ApprovalGate approval, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        foreach (var server in settings) server.Validate();
        if (settings.GroupBy(s => s.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new ToolsException($"There are two MCP servers named '{twice.Key}'; rename one of them.");

        var starts = settings.Select(server => McpServer.StartAsync(server, approval, time, cancellationToken)).ToList();
        try
        {
            return new(await Task.WhenAll(starts).ConfigureAwait(false));
        }
        catch
        {
            foreach (var start in starts.Where(s => s.IsCompletedSuccessfully))
                await (await start.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Stops all servers.</summary>
    public async ValueTask DisposeAsync() => await Task.WhenAll(_servers.Select(server => server.DisposeAsync().AsTask())).ConfigureAwait(false);
}
