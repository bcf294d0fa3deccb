using System.Text;
using System.Text.Json;
using AgentRuntime.Engine.Chat.Jinja.Runtime;
using AgentRuntime.Engine.Chat.Jinja.Values;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>Reads finished call texts and writes calls.</summary>
internal static class CallText
{
    private static readonly JsonStyle Style = new(EnsureAscii: false, null, ", ", ": ", SortKeys: false);

    /// <summary>Reports the call in a call object, well-formed or not; false if it is JSON but no call.</summary>
    public static bool Report(PartSink sink, string raw)
    {
        if (!LenientJson.TryParse(raw, out var json, out var problem))
        {
            sink.Malformed(NameIn(raw), $"the call is no valid JSON: {problem}; write it again as {{\"name\": …, \"arguments\": {{…}}}}", raw);
            return true;
        }
        // OpenAI's wrapping, which some models copy.
        if (json.ValueKind == JsonValueKind.Object && !json.TryGetProperty("name", out _)
            && json.TryGetProperty("function", out var function) && function.ValueKind == JsonValueKind.Object) json = function;
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty("name", out var name) || name.ValueKind != JsonValueKind.String) return false;
        if (!json.TryGetProperty("arguments", out var arguments) && !json.TryGetProperty("parameters", out arguments)) arguments = Empty();
        ReportArguments(sink, PlainName(name.GetString()!), arguments, raw);
        return true;
    }

    /// <summary>Reports a call whose name and arguments were written apart.</summary>
    public static void Report(PartSink sink, string name, string arguments)
    {
        name = PlainName(name);
        if (arguments.AsSpan().Trim().Length == 0) sink.Ready(name, Empty());
        else if (LenientJson.TryParse(arguments, out var json, out var problem)) ReportArguments(sink, name, json, arguments);
        else sink.Malformed(name, $"the arguments of {name} are no valid JSON: {problem}; call it again with a JSON object", arguments);
    }

    /// <summary>A name without the <c>functions.</c> that some models put before it.</summary>
    public static string PlainName(string name)
    {
        name = name.Trim();
        return name.StartsWith("functions.", StringComparison.Ordinal) ? name["functions.".Length..] : name;
    }

    /// <summary>A call's arguments as Python's <c>json.dumps</c> writes them.</summary>
    public static string Arguments(FunctionCallContent call) => Json(ChatTemplateMessages.Arguments(call));

    /// <summary>JSON as Python's <c>json.dumps</c> writes it.</summary>
    public static string Json(JsonElement json) => JsonText.Write(JsonValues.From(json), Style);

    /// <summary>Calls as a shape writes them.</summary>
    public static string Write(ToolCallShape shape, IEnumerable<FunctionCallContent> calls)
    {
        var output = new StringBuilder();
        foreach (var call in calls)
        {
            output.Append(output.Length == 0 ? shape.Open : shape.Separator)
                .Append(shape.BeforeName).Append(call.Name).Append(shape.BeforeArguments).Append(Arguments(call)).Append(shape.AfterArguments);
        }
        return output.Length == 0 ? "" : output.Append(shape.Close).ToString();
    }

    private static void ReportArguments(PartSink sink, string name, JsonElement arguments, string raw)
    {
        // Arguments that are JSON inside a text, as in OpenAI's API.
        if (arguments.ValueKind == JsonValueKind.String && LenientJson.TryParse(arguments.GetString()!, out var inner, out _)) arguments = inner;
        if (arguments.ValueKind == JsonValueKind.Null) arguments = Empty();
        if (arguments.ValueKind == JsonValueKind.Object) sink.Ready(name, arguments);
        else sink.Malformed(name, $"the arguments of {name} must be a JSON object; call it again with one", raw);
    }

    private static string? NameIn(string raw)
    {
        var key = raw.IndexOf("\"name\"", StringComparison.Ordinal);
        if (key < 0) return null;
        var start = raw.IndexOf('"', key + 6) + 1;
        var end = start > 0 ? raw.IndexOf('"', start) : -1;
        return end > start && end - start < 100 ? PlainName(raw[start..end]) : null;
    }

    private static JsonElement Empty() => JsonElement.Parse("{}");
}
