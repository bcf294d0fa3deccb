using System.Text.Json;
using AgentRuntime.Server.Http;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Server.Chat;

/// <summary>Reads the messages of a chat request.</summary>
internal static class ChatMessageReader
{
    /// <exception cref="ApiException">A message is not as it should be, or holds something other than text and calls.</exception>
    public static List<ChatMessage> Read(JsonFields request)
    {
        List<ChatMessage> messages = [.. request.Items("messages").Select(item => Message(new(item.Value, item.Path)))];
        return messages.Count > 0 ? messages : throw ApiException.Invalid("messages", "must hold at least one message");
    }

    /// <summary>The text of a content: a text, or an array of text parts.</summary>
    public static string Text(JsonElement? content, string path)
    {
        if (content is not { } value) return "";
        if (value.ValueKind == JsonValueKind.String) return value.GetString()!;
        return string.Concat(JsonFields.ItemsOf(value, path).Select(part => Part(new(part.Value, part.Path))));
    }

    /// <summary>A call as the model gets to see it again.</summary>
    public static FunctionCallContent Call(string id, string name, string arguments, string path)
    {
        try
        {
            // A call without arguments is written as an empty text by some.
            var json = JsonElement.Parse(string.IsNullOrWhiteSpace(arguments) ? "{}" : arguments, new() { AllowDuplicateProperties = false });
            if (json.ValueKind != JsonValueKind.Object) throw ApiException.Invalid(path, "must be the text of a JSON object");
            return new(id, name, json.EnumerateObject().ToDictionary(p => p.Name, p => (object?)p.Value, StringComparer.Ordinal));
        }
        catch (JsonException e)
        {
            throw ApiException.Invalid(path, $"must be the text of a JSON object, but is not valid JSON: {e.Message.TrimEnd('.')}");
        }
    }

    private static ChatMessage Message(JsonFields message)
    {
        var role = message.RequireText("role");
        var text = Text(message.Find("content"), message.PathOf("content"));
        return role switch
        {
            "system" or "developer" => new(ChatRole.System, text),
            "user" => new(ChatRole.User, text),
            "assistant" => Assistant(message, text),
            "tool" => new(ChatRole.Tool, [new FunctionResultContent(message.RequireText("tool_call_id"), text)]),
            _ => throw ApiException.Invalid(message.PathOf("role"), "must be system, developer, user, assistant or tool"),
        };
    }

    private static ChatMessage Assistant(JsonFields message, string text)
    {
        message.Refuse("function_call", "is not supported; use tool_calls");
        List<AIContent> contents = [];
        if (message.Text("reasoning_content") is { Length: > 0 } reasoning) contents.Add(new TextReasoningContent(reasoning));
        if (text.Length > 0) contents.Add(new TextContent(text));
        foreach (var (value, path) in message.Items("tool_calls"))
        {
            var call = new JsonFields(value, path);
            var function = call.Object("function") ?? throw ApiException.Unsupported(call.PathOf("type"), "must be function");
            contents.Add(Call(call.RequireText("id"), function.RequireText("name"), function.Text("arguments") ?? "", function.PathOf("arguments")));
        }
        return new(ChatRole.Assistant, contents);
    }

    private static string Part(JsonFields part) => part.RequireText("type") switch
    {
        "text" or "input_text" or "output_text" => part.RequireText("text"),
        "refusal" => part.RequireText("refusal"),
        var type => throw ApiException.Unsupported(part.PathOf("type"), $"is {(type.Length <= 40 ? type : "not known")}, but this server's models read text only"),
    };
}
