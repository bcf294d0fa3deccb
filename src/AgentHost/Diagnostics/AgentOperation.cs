using System.Diagnostics;
using System.Text.Encodings.Web;
using System.Text.Json;
using AgentRuntime.AgentHost.Conversations;
using AgentRuntime.Engine.Sessions;
using AgentRuntime.Tools;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Diagnostics;

/// <summary>A run, a reply or a tool call while it lasts: its span, and its metrics when it is over.</summary>
internal sealed class AgentOperation : IDisposable
{
    private const string Error = "error.type";

    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Activity? _activity;
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly bool _contents;
    private TagList _tags;

    private AgentOperation(string operation, string? subject, string? model, ActivityKind kind, bool contents, TimeProvider time)
    {
        (_contents, _time, _start) = (contents, time, time.GetTimestamp());
        _tags.Add("gen_ai.operation.name", operation);
        _tags.Add("gen_ai.provider.name", "agentruntime");
        if (model is not null) _tags.Add("gen_ai.request.model", model);
        _activity = AgentDiagnostics.Activities.StartActivity(kind, tags: _tags, name: subject is null ? operation : $"{operation} {subject}");
    }

    /// <summary>A run begins.</summary>
    public static AgentOperation Run(string run, RunDescription description, bool contents, TimeProvider time)
    {
        var operation = new AgentOperation("invoke_agent", null, description.Model, ActivityKind.Internal, contents, time);
        operation._activity?.SetTag("gen_ai.conversation.id", run);
        if (contents) operation._activity?.SetTag("gen_ai.input.messages", Messages("user", [Text(description.Task)]));
        return operation;
    }

    /// <summary>A reply begins.</summary>
    public static AgentOperation Reply(string run, string model, bool contents, TimeProvider time)
    {
        var operation = new AgentOperation("chat", model, model, ActivityKind.Client, contents, time);
        operation._activity?.SetTag("gen_ai.conversation.id", run);
        return operation;
    }

    /// <summary>A tool call begins.</summary>
    public static AgentOperation Tool(FunctionCallContent call, string arguments, bool contents, TimeProvider time)
    {
        var operation = new AgentOperation("execute_tool", call.Name, null, ActivityKind.Internal, contents, time);
        operation._tags.Add("gen_ai.tool.name", call.Name);
        operation._activity?.SetTag("gen_ai.tool.name", call.Name).SetTag("gen_ai.tool.call.id", call.CallId).SetTag("gen_ai.tool.type", "function");
        if (contents) operation._activity?.SetTag("gen_ai.tool.call.arguments", arguments);
        return operation;
    }

    /// <summary>The run is over.</summary>
    public void Complete(RunStatus status, string text)
    {
        if (status != RunStatus.Completed) Fail(JsonNamingPolicy.SnakeCaseLower.ConvertName(status.ToString()));
        else if (_contents) _activity?.SetTag("gen_ai.output.messages", Messages("assistant", [Text(text)]));
    }

    /// <summary>The reply is complete.</summary>
    public void Complete(Reply reply)
    {
        var usage = reply.Usage;
        Count(usage.PromptTokens, "input");
        Count(usage.OutputTokens, "output");
        if (_activity is null) return;
        _activity.SetTag("gen_ai.usage.input_tokens", usage.PromptTokens)
            .SetTag("gen_ai.usage.output_tokens", usage.OutputTokens)
            .SetTag("gen_ai.usage.cache_read.input_tokens", usage.CachedTokens)
            .SetTag("gen_ai.response.finish_reasons", new[] { Reason(reply) })
            .SetTag("agentruntime.computed_tokens", usage.ComputedTokens)
            .SetTag("agentruntime.time_to_first_token_ms", usage.TimeToFirstToken.TotalMilliseconds);
        if (_contents) _activity.SetTag("gen_ai.output.messages", Messages("assistant", reply.Message.Contents.Select(Part).OfType<object>()));
    }

    /// <summary>The tool call is over.</summary>
    public void Complete(ToolResult result)
    {
        if (_contents) _activity?.SetTag("gen_ai.tool.call.result", result.Text);
        if (result.ErrorKindName is { } error) Fail(error);
    }

    /// <summary>It failed.</summary>
    /// <param name="type">What went wrong, from a small set of names.</param>
    public void Fail(string type)
    {
        _tags.Add(Error, type);
        _activity?.SetTag(Error, type).SetStatus(ActivityStatusCode.Error);
    }

    /// <summary>It ends now.</summary>
    public void Dispose()
    {
        AgentDiagnostics.OperationDuration.Record(_time.GetElapsedTime(_start).TotalSeconds, _tags);
        _activity?.Dispose();
    }

    private void Count(int tokens, string type)
    {
        var tags = _tags;
        tags.Add("gen_ai.token.type", type);
        AgentDiagnostics.TokenUsage.Record(tokens, tags);
    }

    private static string Reason(Reply reply) =>
        reply.FinishReason == FinishReason.Length ? "length" : reply.Calls.Any() ? "tool_calls" : "stop";

    private static object? Part(AIContent content) => content switch
    {
        TextReasoningContent reasoning => new { type = "reasoning", content = reasoning.Text },
        TextContent text => Text(text.Text),
        FunctionCallContent call => new { type = "tool_call", id = call.CallId, name = call.Name, arguments = call.Arguments },
        _ => null,
    };

    private static object Text(string text) => new { type = "text", content = text };

    private static string Messages(string role, IEnumerable<object> parts) => JsonSerializer.Serialize(new[] { new { role, parts } }, Json);
}
