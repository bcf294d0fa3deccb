using System.Text.Json;
using AgentRuntime.Engine.Grammar.Grounding;

namespace AgentRuntime.Tools;

/// <summary>A parameter of a tool, as the model sees it.</summary>
/// <param name="Name">The name, as in the JSON schema.</param>
/// <param name="Type">The JSON type: <c>string</c> or <c>integer</c>.</param>
/// <param name="Description">One short sentence.</param>
/// <param name="Required">Whether a call without it is refused.</param>
internal sealed record ToolParameter(string Name, string Type, string Description, bool Required = true)
{
    /// <summary>Where its values come from; null for anywhere.</summary>
    public ValueSource? Source { get; init; }

    /// <summary>The JSON schema of an object with these properties, in this order.</summary>
    public static JsonElement Schema(IReadOnlyList<ToolParameter> parameters)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("type", "object");
            writer.WriteStartObject("properties");
            foreach (var parameter in parameters)
            {
                writer.WriteStartObject(parameter.Name);
                writer.WriteString("type", parameter.Type);
                writer.WriteString("description", parameter.Description);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
            writer.WriteStartArray("required");
            foreach (var parameter in parameters.Where(p => p.Required))
                writer.WriteStringValue(parameter.Name);
            writer.WriteEndArray();
            writer.WriteBoolean("additionalProperties", false);
            writer.WriteEndObject();
        }

        return JsonElement.Parse(stream.ToArray());
    }
}
