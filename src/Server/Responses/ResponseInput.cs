using System.Text.Json;
using AgentRuntime.Server.Chat;
using AgentRuntime.Server.Http;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Server.Responses;

/// <summary>Reads the input of <c>/v1/responses</c>: a text, or items. What one reply consists of, reasoning, text and calls, becomes one message again.</summary>
internal static class ResponseInput
{
    /// <exception cref="ApiException">An item is not as it should be, or of a kind that the model cannot be given.</exception>
    public static List<ChatMessage> Read(JsonElement input)
    {
        const string name = "input";
        if (input.ValueKind == JsonValueKind.String) return [new(ChatRole.User, input.GetString())];
        List<ChatMessage> messages = [];
        foreach (var (value, path) in JsonFields.ItemsOf(input, name))
        {
            var message = Item(new(value, path));
            if (message.Role == ChatRole.Assistant && messages is [.., { } last] && last.Role == ChatRole.Assistant) last.Contents = [.. last.Contents, .. message.Contents];
            else messages.Add(message);
        }
        return messages.Count > 0 ? messages : throw ApiException.Invalid(name, "must hold at least one item");
    }

    private static ChatMessage Item(JsonFields item)
    {
        // A message may leave its type out.
        var type = item.Text("type") ?? "message";
        return type switch
        {
            "message" => Message(item),
            "function_call" => new(ChatRole.Assistant, [ChatMessageReader.Call(item.RequireText("call_id"), item.RequireText("name"), item.Text("arguments") ?? "", item.PathOf("arguments"))]),
            "function_call_output" => new(ChatRole.Tool, [new FunctionResultContent(item.RequireText("call_id"), ChatMessageReader.Text(item.Find("output"), item.PathOf("output")))]),
            "reasoning" => new(ChatRole.Assistant, [.. Reasoning(item)]),
            _ => throw ApiException.Unsupported(item.PathOf("type"), "must be message, function_call, function_call_output or reasoning"),
        };
    }

    private static ChatMessage Message(JsonFields item)
    {
        var text = ChatMessageReader.Text(item.Find("content"), item.PathOf("content"));
        return item.RequireText("role") switch
        {
            "system" or "developer" => new(ChatRole.System, text),
            "user" => new(ChatRole.User, text),
            "assistant" => new(ChatRole.Assistant, text),
            _ => throw ApiException.Invalid(item.PathOf("role"), "must be system, developer, user or assistant"),
        };
    }

    // Summaries and what is encrypted come from other servers and say nothing to the model.
    private static IEnumerable<AIContent> Reasoning(JsonFields item) =>
        item.Items("content").Select(part => new JsonFields(part.Value, part.Path)).Where(part => part.Text("type") == "reasoning_text").Select(part => new TextReasoningContent(part.RequireText("text")));
}
