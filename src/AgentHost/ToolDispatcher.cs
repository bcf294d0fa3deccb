using System.Text.Encodings.Web;
using System.Text.Json;
using AgentRuntime.Tools;
using AgentRuntime.Tools.Files;
using AgentRuntime.Tools.Mcp;
using AgentRuntime.Tools.Shell;
using Microsoft.Extensions.AI;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace AgentRuntime.AgentHost;

/// <summary>
/// Runs tool calls. Whatever goes wrong (an unknown tool, malformed arguments, a failing tool, a timeout) becomes a result
/// that the model can read and recover from; only cancellation is thrown.
/// </summary>
public sealed class ToolDispatcher
{
    private static readonly JsonSerializerOptions ArgumentsJson = new(AIJsonUtilities.DefaultOptions)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = false,
    };

    private readonly SortedDictionary<string, AIFunction> _tools = new(StringComparer.Ordinal);
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;

    /// <summary>Creates a dispatcher.</summary>
    /// <param name="tools">The tools, with distinct names: built-in ones and any other <see cref="AIFunction"/>.</param>
    /// <param name="timeout">Longest time of a call, for tools that keep no timeout of their own.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="AgentException">Two tools have the same name.</exception>
    public ToolDispatcher(IEnumerable<AIFunction> tools, TimeSpan timeout, TimeProvider? time = null)
    {
        foreach (var tool in tools)
        {
            if (!_tools.TryAdd(tool.Name, tool)) throw new AgentException($"There are two tools named '{tool.Name}'; rename one of them.");
        }
        _timeout = timeout;
        _time = time ?? TimeProvider.System;
    }

    /// <summary>The tools in ordinal order of name: the order in which the model is told of them.</summary>
    public IReadOnlyList<AIFunction> Tools => [.. _tools.Values];

    /// <summary>A call's arguments as JSON text.</summary>
    public static string ArgumentsText(FunctionCallContent call) =>
        JsonSerializer.Serialize(call.Arguments ?? new Dictionary<string, object?>(), ArgumentsJson);

    /// <summary>Whether a tool, by name, says of itself that it changes nothing.</summary>
    public bool IsReadOnly(string name) => _tools.TryGetValue(name, out var tool) && Declares(tool, "read_only");

    /// <summary>Runs a call.</summary>
    /// <param name="call">The call as the model wrote it.</param>
    /// <param name="output">Receives a running command's output, for display.</param>
    /// <param name="change">Told of a file's change right before it is made.</param>
    /// <param name="variables">Environment variables for a command.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<ToolResult> InvokeAsync(
        FunctionCallContent call, Action<string>? output = null, Action<FileChange>? change = null, CommandVariables? variables = null,
        CancellationToken cancellationToken = default)
    {
        if (call.Exception is { } malformed) return ToolResult.Failed(ToolErrorKind.InvalidArguments, malformed.Message);
        if (!_tools.TryGetValue(call.Name, out var tool))
            return ToolResult.Failed(ToolErrorKind.UnknownTool, $"there is no tool '{call.Name}'; the tools are {string.Join(", ", _tools.Keys)}");

        var arguments = new AIFunctionArguments(call.Arguments) { Context = new Dictionary<object, object?>() };
        if (output is not null) arguments.Context[typeof(IProgress<string>)] = new Direct<string>(output);
        if (variables is not null) arguments.Context[typeof(CommandVariables)] = variables;
        if (change is not null) arguments.Context[typeof(IProgress<FileChange>)] = new Direct<FileChange>(change);
        try
        {
            var result = tool is RepositoryTool or McpTool
                ? await tool.InvokeAsync(arguments, cancellationToken).ConfigureAwait(false)
                : await Pipeline(tool).ExecuteAsync(token => tool.InvokeAsync(arguments, token), cancellationToken).ConfigureAwait(false);
            return result as ToolResult ?? new(Text(result));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested) { throw; }
        catch (TimeoutRejectedException)
        {
            return ToolResult.Failed(ToolErrorKind.Timeout, $"{tool.Name} took longer than {_timeout.TotalSeconds:0} s");
        }
        catch (Exception e)
        {
            // A tool of the user's may throw anything, and the model is the one that can do something about it.
            return ToolResult.Failed(ToolErrorKind.System, $"{tool.Name} failed: {e.Message.ReplaceLineEndings(" ").TrimEnd('.')}");
        }
    }

    /// <summary>Timeout for every foreign tool; tries again only for one that declares itself retryable.</summary>
    private ResiliencePipeline Pipeline(AIFunction tool)
    {
        var builder = new ResiliencePipelineBuilder { TimeProvider = _time };
        if (Declares(tool, "retryable"))
        {
            builder.AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<HttpRequestException>().Handle<IOException>().Handle<TimeoutRejectedException>(),
                MaxRetryAttempts = 2,
                Delay = TimeSpan.FromMilliseconds(500),
                BackoffType = DelayBackoffType.Exponential,
            });
        }
        return builder.AddTimeout(_timeout).Build();
    }

    private static bool Declares(AIFunction tool, string property) => tool.AdditionalProperties.TryGetValue(property, out var value) && value is true;

    private static string Text(object? result) => result switch
    {
        null => "",
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } json => json.GetString()!,
        _ => JsonSerializer.Serialize(result, ArgumentsJson),
    };

    /// <summary>Calls at once, on the reporting thread: the journal must hold a change before it is made.</summary>
    private sealed class Direct<T>(Action<T> action) : IProgress<T>
    {
        public void Report(T value) => action(value);
    }
}
