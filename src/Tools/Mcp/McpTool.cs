using System.Text.Encodings.Web;
using System.Text.Json;
using AgentRuntime.Tools.Approval;
using AgentRuntime.Tools.Shell;
using Microsoft.Extensions.AI;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace AgentRuntime.Tools.Mcp;

/// <summary>
/// A tool of an MCP server. Like the built-in tools it returns a <see cref="ToolResult"/> for every outcome, asks for
/// approval unless the server says that it only reads, and keeps its own timeout.
/// </summary>
public sealed class McpTool : AIFunction
{
    private const int MaxResultCharacters = 30_000;
    private static readonly JsonSerializerOptions Json = new(AIJsonUtilities.DefaultOptions) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, WriteIndented = false };

    private readonly McpServer _server;
    private readonly McpClientTool _tool;
    private readonly ApprovalGate _approval;
    private readonly TimeProvider _time;

    internal McpTool(McpServer server, McpClientTool tool, ApprovalGate approval, TimeProvider time) =>
        (_server, _tool, _approval, _time) = (server, tool, approval, time);

    /// <summary>Name of the server.</summary>
    public string Server => _server.Settings.Name;

    /// <summary>The tool's name on its server.</summary>
    public string ToolName => _tool.Name;

    /// <summary>What models and journals call it: <c>server__tool</c>, so that tools of two servers never collide.</summary>
    public override string Name => $"{Server}__{ToolName}";

    /// <inheritdoc/>
    public override string Description => _tool.Description;

    /// <inheritdoc/>
    public override JsonElement JsonSchema => _tool.JsonSchema;

    /// <summary>Whether the server says that the tool changes nothing; a tool of which it says nothing may change anything.</summary>
    public bool IsReadOnly => _tool.ProtocolTool.Annotations?.ReadOnlyHint == true;

    /// <summary>Whether a call may be made again without harm.</summary>
    public bool IsRetryable => IsReadOnly || _tool.ProtocolTool.Annotations?.IdempotentHint == true;

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, object?> AdditionalProperties => new Dictionary<string, object?>
    {
        ["read_only"] = IsReadOnly,
        ["retryable"] = IsRetryable,
        ["timeout_seconds"] = _server.Settings.Timeout.TotalSeconds,
    };

    /// <inheritdoc/>
    protected override async ValueTask<object?> InvokeCoreAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        var (refusal, asked) = await ApproveAsync(arguments, cancellationToken).ConfigureAwait(false);
        if (refusal is not null) return ToolResult.Failed(ToolErrorKind.Denied, refusal) with { ApprovalTime = asked };
        return await CallAsync(arguments, cancellationToken).ConfigureAwait(false) with { ApprovalTime = asked };
    }

    private async Task<(string? Refusal, TimeSpan Asked)> ApproveAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        if (IsReadOnly) return (null, TimeSpan.Zero);
        var start = _time.GetTimestamp();
        try
        {
            var detail = $"{Name} {JsonSerializer.Serialize(new Dictionary<string, object?>(arguments), Json)}";
            var refusal = await _approval.CheckAsync(new(Name, ApprovalKind.Other, detail), cancellationToken).ConfigureAwait(false);
            return (refusal, _time.GetElapsedTime(start));
        }
        catch (OperationCanceledException stopped)
        {
            throw new ApprovalCancelledException(stopped);
        }
    }

    private async Task<ToolResult> CallAsync(AIFunctionArguments arguments, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_server.Settings.Timeout, _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            var result = await _tool.CallAsync(new Dictionary<string, object?>(arguments), null, null, linked.Token).ConfigureAwait(false);
            var text = Text(result);
            return result.IsError == true ? ToolResult.Failed(ToolErrorKind.System, text) : new(text);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ToolResult.Failed(ToolErrorKind.Timeout, $"{Name} took longer than {_server.Settings.Timeout.TotalSeconds:0.#} s");
        }
        catch (McpProtocolException refused)
        {
            var kind = refused.ErrorCode == McpErrorCode.InvalidParams ? ToolErrorKind.InvalidArguments : ToolErrorKind.System;
            return ToolResult.Failed(kind, $"{Name}: {_server.Explain(refused)}");
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // Whatever a broken server does, the run goes on.
            return ToolResult.Failed(ToolErrorKind.System, $"{Name} failed: {_server.Explain(failure)}");
        }
    }

    /// <summary>The result as text, cut in its middle where it is very long; of other content it says only that it is there.</summary>
    private static string Text(CallToolResult result)
    {
        var buffer = new HeadTailBuffer(MaxResultCharacters);
        if (result.Content.Count == 0 && result.StructuredContent is { } structured) buffer.Append(structured.GetRawText());
        foreach (var block in result.Content)
        {
            buffer.Append(block switch
            {
                TextContentBlock text => text.Text,
                EmbeddedResourceBlock { Resource: TextResourceContents resource } => resource.Text,
                ResourceLinkBlock link => $"[{link.Name}: {link.Uri}]",
                _ => $"[{block.Type}]",
            });
            buffer.Append("\n");
        }
        return buffer.ToString().TrimEnd();
    }
}
