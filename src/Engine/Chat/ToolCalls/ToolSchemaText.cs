using System.Text;
using System.Text.Json;
using AgentRuntime.Engine.Grammar;
using AgentRuntime.Engine.Grammar.Schema;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>Writes tools' schemas as the grammar takes them.</summary>
internal static class ToolSchemaText
{
    private static readonly string[] Combining = ["$ref", "allOf", "anyOf", "oneOf", "if", "additionalProperties", "patternProperties", "unevaluatedProperties", "dependentSchemas"];

    /// <summary>The schema, of an object in any case. Where it lists its properties and nothing else says what others may be, there are no others.</summary>
    public static string Closed(JsonElement schema)
    {
        if (schema.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null or JsonValueKind.True) return """{"type":"object"}""";
        if (schema.ValueKind != JsonValueKind.Object) return schema.GetRawText();
        if (schema.TryGetProperty("type", out var type) && !SchemaReader.Types(type, "#/type").HasFlag(JsonTypes.Object)) throw new GrammarException("#/type: the parameters of a tool are an object.");
        return Write(writer =>
        {
            foreach (var keyword in schema.EnumerateObject().Where(keyword => keyword.Name != "type")) keyword.WriteTo(writer);
            writer.WriteString("type", "object");
            if (ListsAll(schema)) writer.WriteBoolean("additionalProperties", false);
        });
    }

    // A required name that is not listed needs an open object.
    private static bool ListsAll(JsonElement schema) =>
        schema.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object
        && !Array.Exists(Combining, name => schema.TryGetProperty(name, out _))
        && !(schema.TryGetProperty("required", out var required) && required.ValueKind == JsonValueKind.Array
            && required.EnumerateArray().Any(name => name.ValueKind == JsonValueKind.String && !properties.TryGetProperty(name.GetString()!, out _)));

    /// <summary>Nothing of the schema but the names of parameters, which of them are texts, and which are required.</summary>
    public static string NamesOnly(JsonElement schema) => Write(writer =>
    {
        writer.WriteString("type", "object");
        if (schema.ValueKind != JsonValueKind.Object) return;
        if (schema.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object)
        {
            writer.WriteStartObject("properties");
            foreach (var property in properties.EnumerateObject().DistinctBy(property => property.Name))
            {
                writer.WriteStartObject(property.Name);
                if (ToolSchemas.MayBeText(property.Value)) writer.WriteString("type", "string");
                writer.WriteEndObject();
            }
            writer.WriteEndObject();
            writer.WriteBoolean("additionalProperties", false);
        }
        if (!schema.TryGetProperty("required", out var required) || required.ValueKind != JsonValueKind.Array) return;
        writer.WriteStartArray("required");
        foreach (var name in required.EnumerateArray().Where(name => name.ValueKind == JsonValueKind.String)) writer.WriteStringValue(name.GetString());
        writer.WriteEndArray();
    });

    /// <summary>Refuses a parameter one of whose listed values holds a closing tag.</summary>
    /// <exception cref="GrammarException">There is one.</exception>
    public static void RefuseListed(AIFunctionDeclaration tool, string name, string tag)
    {
        if (!tool.JsonSchema.TryGetProperty("properties", out var properties) || !properties.TryGetProperty(name, out var schema) || schema.ValueKind != JsonValueKind.Object) return;
        var listed = schema.TryGetProperty("enum", out var values) && values.ValueKind == JsonValueKind.Array ? values.EnumerateArray().ToList() : [];
        if (schema.TryGetProperty("const", out var value)) listed.Add(value);
        if (listed.Exists(text => text.ValueKind == JsonValueKind.String && text.GetString()!.Contains(tag, StringComparison.Ordinal)))
            throw new GrammarException($"A listed value of the parameter {name} of the tool {tool.Name} holds {tag}, which ends a value in this family; leave it out.");
    }

    private static string Write(Action<Utf8JsonWriter> members)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
