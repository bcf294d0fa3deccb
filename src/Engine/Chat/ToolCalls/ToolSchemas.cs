using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>Which parameters of which tools are texts: what families that write bare values need to know to read them.</summary>
public sealed class ToolSchemas
{
    private const int MaxDepth = 16;

    private readonly Dictionary<string, Dictionary<string, bool>> _isText = new(StringComparer.Ordinal);

    /// <summary>Collects the types of the tools' parameters.</summary>
    public ToolSchemas(IEnumerable<AITool> tools)
    {
        foreach (var tool in tools.OfType<AIFunctionDeclaration>())
        {
            var parameters = new Dictionary<string, bool>(StringComparer.Ordinal);
            if (tool.JsonSchema.ValueKind == JsonValueKind.Object && tool.JsonSchema.TryGetProperty("properties", out var properties)
                && properties.ValueKind == JsonValueKind.Object)
            {
                foreach (var property in properties.EnumerateObject()) parameters[property.Name] = MayBeText(property.Value);
            }
            _isText[tool.Name] = parameters;
        }
    }

    /// <summary>Whether a parameter takes text; null when the tool or parameter is not known.</summary>
    public bool? IsText(string tool, string parameter) =>
        _isText.TryGetValue(tool, out var parameters) && parameters.TryGetValue(parameter, out var isText) ? isText : null;

    /// <summary>Whether a schema allows texts, as far as its type, its listed values and its alternatives say.</summary>
    internal static bool MayBeText(JsonElement schema) => MayBeText(schema, 0);

    private static bool MayBeText(JsonElement schema, int depth)
    {
        if (schema.ValueKind != JsonValueKind.Object || depth > MaxDepth) return false;
        if (!schema.TryGetProperty("type", out var type))
        {
            if (schema.TryGetProperty("enum", out var values)) return values.ValueKind == JsonValueKind.Array && values.EnumerateArray().All(value => value.ValueKind == JsonValueKind.String);
            if (schema.TryGetProperty("const", out var constant)) return constant.ValueKind == JsonValueKind.String;
            return (schema.TryGetProperty("anyOf", out var alternatives) || schema.TryGetProperty("oneOf", out alternatives)) && alternatives.ValueKind == JsonValueKind.Array
                && alternatives.EnumerateArray().Any(alternative => MayBeText(alternative, depth + 1));
        }
        return type.ValueKind == JsonValueKind.String
            ? type.ValueEquals("string")
            : type.ValueKind == JsonValueKind.Array && type.EnumerateArray().Any(t => t.ValueKind == JsonValueKind.String && t.ValueEquals("string"));
    }
}
