using System.Text.Json;
using System.Text.Json.Nodes;
using AgentRuntime.Engine.Chat.ToolCalls;

namespace AgentRuntime.Engine.Chat;

/// <summary>Puts a conversation into a form that a template can render, given what it cannot.</summary>
internal sealed class MessageAdapter(TemplateCapabilities capabilities, IToolCallFormat format)
{
    /// <summary>The tools to hand to the template, or null if the adapted messages describe them.</summary>
    public IReadOnlyList<JsonElement>? Tools(IReadOnlyList<JsonElement>? tools) => capabilities.Tools ? tools : null;

    /// <summary>The adapted conversation.</summary>
    public IReadOnlyList<JsonElement> Adapt(IReadOnlyList<JsonElement> messages, IReadOnlyList<JsonElement>? tools)
    {
        var describesTools = tools is { Count: > 0 } && !capabilities.Tools;
        var isComplete = capabilities is { System: true, SeveralSystem: true, ToolCalls: true, ParallelCalls: true, ToolResults: true };
        if (isComplete && !describesTools) return messages;

        var adapted = messages.Select(m => (JsonObject)JsonNode.Parse(m.GetRawText())!).ToList();
        if (describesTools) adapted.Insert(adapted.TakeWhile(m => Role(m) == "system").Count(), new() { ["role"] = "system", ["content"] = Describe(tools!) });
        if (!capabilities.ToolCalls) adapted.ForEach(WriteCallsAsText);
        else if (!capabilities.ParallelCalls) adapted = [.. adapted.SelectMany(OneCallEach)];
        if (!capabilities.ToolResults) adapted = Merge(adapted.Select(ResultAsUser), "user");
        if (!capabilities.SeveralSystem || !capabilities.System) adapted = Merge(adapted, "system");
        if (!capabilities.System) adapted = SystemIntoUser(adapted);
        return [.. adapted.Select(m => JsonSerializer.SerializeToElement(m))];
    }

    private static string Role(JsonObject message) => message["role"]?.GetValue<string>() ?? "";

    private static string Content(JsonObject message) =>
        message["content"] is JsonValue content && content.GetValueKind() == JsonValueKind.String ? content.GetValue<string>() : "";

    private string Describe(IReadOnlyList<JsonElement> tools)
    {
        var shape = format.Shape;
        var example = shape.Open + shape.BeforeName + "NAME" + shape.BeforeArguments + "{\"PARAMETER\": VALUE}" + shape.AfterArguments + shape.Close;
        return "You can call these tools, each given as JSON:\n" + string.Join('\n', tools.Select(CallText.Json))
            + "\nTo call a tool, write:\n" + example + "\nThen stop; its result comes with the next message.";
    }

    private void WriteCallsAsText(JsonObject message)
    {
        if (message["tool_calls"] is not JsonArray { Count: > 0 } calls) return;
        var text = format.Write(calls.Select(c => FromJson(c!)));
        var content = Content(message).TrimEnd();
        message["content"] = content.Length == 0 ? text : content + "\n" + text;
        message.Remove("tool_calls");
    }

    private static Microsoft.Extensions.AI.FunctionCallContent FromJson(JsonNode call) => new(
        call["id"]?.ToString() ?? "",
        call["function"]!["name"]!.GetValue<string>(),
        (call["function"]!["arguments"] as JsonObject)?.ToDictionary(p => p.Key, p => (object?)p.Value, StringComparer.Ordinal));

    // A message with several calls becomes several messages; the text stays with the first.
    private static IEnumerable<JsonObject> OneCallEach(JsonObject message)
    {
        if (message["tool_calls"] is not JsonArray { Count: > 1 } calls) return [message];
        return calls.Select((call, i) =>
        {
            var single = (JsonObject)message.DeepClone();
            if (i > 0) single["content"] = "";
            single["tool_calls"] = new JsonArray(call!.DeepClone());
            return single;
        });
    }

    private static JsonObject ResultAsUser(JsonObject message) => Role(message) != "tool" ? message : new()
    {
        ["role"] = "user",
        ["content"] = $"<tool_response>\n{Content(message)}\n</tool_response>",
    };

    // Joins neighbours of one role.
    private static List<JsonObject> Merge(IEnumerable<JsonObject> messages, string role)
    {
        var merged = new List<JsonObject>();
        foreach (var message in messages)
        {
            if (merged.Count > 0 && Role(message) == role && Role(merged[^1]) == role)
                merged[^1]["content"] = Content(merged[^1]) + (role == "system" ? "\n\n" : "\n") + Content(message);
            else merged.Add(message);
        }
        return merged;
    }

    private static List<JsonObject> SystemIntoUser(List<JsonObject> messages)
    {
        if (messages.Count < 2 || Role(messages[0]) != "system" || Role(messages[1]) != "user") return messages;
        messages[1]["content"] = Content(messages[0]) + "\n\n" + Content(messages[1]);
        return messages[1..];
    }
}
