using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat;

/// <summary>Messages and tools of Microsoft.Extensions.AI in the JSON form that chat templates expect.</summary>
public static class ChatTemplateMessages
{
    private static readonly JsonSerializerOptions Compact = new(AIJsonUtilities.DefaultOptions)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = false,
    };

    /// <summary>Converts messages. A message with several tool results becomes several messages.</summary>
    /// <param name="messages">The messages, in order.</param>
    /// <param name="reasoningKey">Under which key reasoning goes; <c>thinking</c> for gpt-oss.</param>
    /// <exception cref="TemplateException">A message holds something other than text, reasoning, tool calls and results.</exception>
    public static IReadOnlyList<JsonElement> FromMessages(IEnumerable<ChatMessage> messages, string reasoningKey = "reasoning_content")
    {
        var toolNames = new Dictionary<string, string>(StringComparer.Ordinal);
        var converted = new List<JsonElement>();
        foreach (var message in messages)
        {
            foreach (var call in message.Contents.OfType<FunctionCallContent>()) toolNames[call.CallId] = call.Name;
            foreach (var result in message.Contents.OfType<FunctionResultContent>()) converted.Add(Result(result, toolNames.GetValueOrDefault(result.CallId)));
            if (message.Role != ChatRole.Tool || !message.Contents.OfType<FunctionResultContent>().Any()) converted.Add(Message(message, reasoningKey));
        }
        return converted;
    }

    /// <summary>Converts tools; null when there are none.</summary>
    /// <exception cref="TemplateException">A tool is no function.</exception>
    public static IReadOnlyList<JsonElement>? FromTools(IEnumerable<AITool>? tools)
    {
        var converted = tools?.Select(Tool).ToList();
        return converted is { Count: > 0 } ? converted : null;
    }

    /// <summary>A call's arguments as a JSON object, in the order in which they were given; empty for a call that could not be read.</summary>
    internal static JsonElement Arguments(FunctionCallContent call) =>
        JsonSerializer.SerializeToElement(call.Arguments ?? new Dictionary<string, object?>(), Compact);

    /// <summary>Text that is the same whatever its parts were: what a message says.</summary>
    internal static string Text(ChatMessage message) => string.Concat(message.Contents.OfType<TextContent>().Select(t => t.Text));

    private static JsonElement Message(ChatMessage message, string reasoningKey)
    {
        foreach (var content in message.Contents)
        {
            if (content is not (TextContent or TextReasoningContent or FunctionCallContent or FunctionResultContent or UsageContent))
                throw new TemplateException($"a message holds a {content.GetType().Name}, but only text, reasoning, tool calls and their results can be given to the model");
        }
        var json = new JsonObject { ["role"] = message.Role.Value, ["content"] = Text(message) };
        var reasoning = string.Concat(message.Contents.OfType<TextReasoningContent>().Select(t => t.Text));
        if (reasoning.Length > 0) json[reasoningKey] = reasoning;
        var calls = message.Contents.OfType<FunctionCallContent>().Select(Call).ToArray<JsonNode>();
        if (calls.Length > 0) json["tool_calls"] = new JsonArray(calls);
        return Element(json);
    }

    private static JsonObject Call(FunctionCallContent call) => new()
    {
        ["id"] = call.CallId,
        ["type"] = "function",
        ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = JsonObject.Create(Arguments(call)) },
    };

    private static JsonElement Result(FunctionResultContent result, string? name)
    {
        var json = new JsonObject { ["role"] = "tool", ["tool_call_id"] = result.CallId };
        if (name is not null) json["name"] = name;
        json["content"] = result.Result switch
        {
            null => result.Exception is { } error ? $"error: {error.Message}" : "",
            string text => text,
            // A text may come as JSON, or as a type that is written as one; the model reads the text itself.
            var value => JsonSerializer.SerializeToElement(value, Compact) is { ValueKind: JsonValueKind.String } text ? text.GetString() : JsonSerializer.Serialize(value, Compact),
        };
        return Element(json);
    }

    private static JsonElement Tool(AITool tool)
    {
        if (tool is not AIFunctionDeclaration function) throw new TemplateException($"the tool '{tool.Name}' is no function, so it cannot be offered to the model");
        return Element(new()
        {
            ["type"] = "function",
            ["function"] = new JsonObject
            {
                ["name"] = function.Name,
                ["description"] = function.Description,
                ["parameters"] = function.JsonSchema.ValueKind == JsonValueKind.Object ? JsonObject.Create(function.JsonSchema) : new JsonObject { ["type"] = "object" },
            },
        });
    }

    private static JsonElement Element(JsonObject json) => JsonSerializer.SerializeToElement(json, Compact);
}
