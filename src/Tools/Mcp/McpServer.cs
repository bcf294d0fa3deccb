using System.ComponentModel;
using AgentRuntime.Tools.Approval;
using AgentRuntime.Tools.Shell;
using ModelContextProtocol.Client;

namespace AgentRuntime.Tools.Mcp;

/// <summary>A running server of the Model Context Protocol. Safe for calls at the same time.</summary>
public sealed class McpServer : IAsyncDisposable
{
    private const int MaxTools = 512;
    private const int MaxErrorCharacters = 2000;
    private static readonly TimeSpan ShutdownTime = TimeSpan.FromSeconds(2);

    private readonly McpClient _client;
    private readonly HeadTailBuffer _errors;

    private McpServer(McpServerSettings settings, McpClient client, HeadTailBuffer errors) =>
        (Settings, _client, _errors) = (settings, client, errors);

    /// <summary>How it was started.</summary>
    public McpServerSettings Settings { get; }

    /// <summary>Its tools, in ordinal order of name.</summary>
    public IReadOnlyList<McpTool> Tools { get; private set; } = [];

    /// <summary>Starts a server, or connects to one, and lists its tools.</summary>
    /// <param name="settings">How to reach it.</param>
    /// <param name="approval">Decides whether it may start, unless the settings are trusted, and about calls of its tools.</param>
    /// <param name="time">The clock; the system's when null.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ToolsException">It could not be started or reached, was refused, took too long, or lists too many tools.</exception>
    public static async Task<McpServer> StartAsync(
        McpServerSettings settings, ApprovalGate approval, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        settings.Validate();
        time ??= TimeProvider.System;
        await ApproveAsync(settings, approval, cancellationToken).ConfigureAwait(false);

        var errors = new HeadTailBuffer(MaxErrorCharacters);
        using var timeout = new CancellationTokenSource(settings.Timeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        McpServer? server = null;
        try
        {
            var options = new McpClientOptions { InitializationTimeout = settings.Timeout, ClientInfo = new() { Name = "agentrt", Version = "0.1.0" } };
            var client = await McpClient.CreateAsync(Transport(settings, errors), options, null, linked.Token).ConfigureAwait(false);
            server = new(settings, client, errors);
            await server.ListAsync(approval, time, linked.Token).ConfigureAwait(false);
            return server;
        }
        catch (Exception failure)
        {
            if (server is not null) await server.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            if (failure is ToolsException) throw;
            var reason = timeout.IsCancellationRequested || failure is TimeoutException ? $"it did not answer within {settings.Timeout.TotalSeconds:0.#} s" : Reason(failure, errors);
            throw new ToolsException($"The MCP server '{settings.Name}' ({settings.Target}) could not be started: {reason}.", failure);
        }
    }

    /// <summary>Stops it: a program is asked to end, and ended after two seconds.</summary>
    public ValueTask DisposeAsync() => _client.DisposeAsync();

    /// <summary>Why a request failed, in one line; when the program has ended, with what it said last.</summary>
    internal string Explain(Exception failure) => Reason(failure, _errors);

    private static async Task ApproveAsync(McpServerSettings settings, ApprovalGate approval, CancellationToken cancellationToken)
    {
        if (settings.IsTrusted) return;
        var request = new ApprovalRequest($"MCP server {settings.Name}", ApprovalKind.Other, settings.Target);
        if (await approval.CheckAsync(request, cancellationToken).ConfigureAwait(false) is { } refusal)
            throw new ToolsException($"The MCP server '{settings.Name}' ({settings.Target}) was not started: {refusal}; allow it with --allow-mcp, or declare it in your own configuration.");
    }

    private static IClientTransport Transport(McpServerSettings settings, HeadTailBuffer errors)
    {
        if (settings.Url is { } url)
            return new HttpClientTransport(new() { Endpoint = new(url), Name = settings.Name, ConnectionTimeout = settings.Timeout, AdditionalHeaders = new Dictionary<string, string>(settings.Headers) });

        var environment = StdioClientTransportOptions.GetDefaultEnvironmentVariables();
        foreach (var (name, value) in settings.Environment) environment[name] = value;
        return new StdioClientTransport(new()
        {
            Command = settings.Command!,
            Arguments = [.. settings.Arguments],
            Name = settings.Name,
            WorkingDirectory = settings.WorkingDirectory,
            InheritEnvironmentVariables = false,
            EnvironmentVariables = environment,
            ShutdownTimeout = ShutdownTime,
            StandardErrorLines = line =>
            {
                lock (errors) errors.Append(line + "\n");
            },
        });
    }

    private async Task ListAsync(ApprovalGate approval, TimeProvider time, CancellationToken cancellationToken)
    {
        var tools = await _client.ListToolsAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        if (tools.Count > MaxTools) throw new ToolsException($"The MCP server '{Settings.Name}' lists {tools.Count} tools; at most {MaxTools} are taken.");
        Tools = [.. tools.OrderBy(tool => tool.Name, StringComparer.Ordinal).Select(tool => new McpTool(this, tool, approval, time))];
    }

    private static string Reason(Exception failure, HeadTailBuffer errors)
    {
        string said;
        lock (errors) said = errors.ToString().Trim();
        var cause = failure;
        while (cause is not Win32Exception && cause.InnerException is { } inner) cause = inner;
        var details = (failure as ClientTransportClosedException)?.Details as StdioClientCompletionDetails;
        // A program that ends at once may do so before or after it is written to: then there is a broken pipe and no details.
        var ended = details is not null || cause is IOException;
        var text = !ended ? cause.Message : $"it ended{(details?.ExitCode is { } code ? $" with exit code {code}" : "")}{(said.Length > 0 ? " and said: " + said : "")}";
        return text.ReplaceLineEndings(" ").Trim().TrimEnd('.');
    }
}
