using AgentRuntime.Server.Http;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Server.Chat;

/// <summary>Reads what a reply must be, in the form of chat completions or of responses, and how much the model should reason.</summary>
internal static class FormatFields
{
    /// <summary>The format of a <c>response_format</c> or <c>text.format</c>; null for any text.</summary>
    /// <exception cref="ApiException">It is not as it should be.</exception>
    public static ChatResponseFormat? Format(JsonFields? format)
    {
        switch (format?.RequireText("type"))
        {
            case null or "text":
                return null;
            case "json_object":
                return ChatResponseFormat.Json;
            case "json_schema":
                // In the form of responses, the schema's fields are the format's own.
                var fields = format.Object("json_schema") ?? format;
                var schema = fields.Require("schema").Clone();
                return ChatResponseFormat.ForJsonSchema(schema, fields.Text("name"), fields.Text("description"));
            default:
                throw ApiException.Unsupported(format.PathOf("type"), "must be text, json_object or json_schema");
        }
    }

    /// <summary>The reasoning of an effort; null when nothing is said.</summary>
    public static ReasoningOptions? Reasoning(string? effort, string path) => effort switch
    {
        null => null,
        "none" or "minimal" => new() { Effort = ReasoningEffort.None },
        "low" => new() { Effort = ReasoningEffort.Low },
        "medium" => new() { Effort = ReasoningEffort.Medium },
        "high" => new() { Effort = ReasoningEffort.High },
        "xhigh" => new() { Effort = ReasoningEffort.ExtraHigh },
        _ => throw ApiException.Invalid(path, "must be none, minimal, low, medium, high or xhigh"),
    };
}
