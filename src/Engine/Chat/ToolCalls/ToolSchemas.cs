using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>Which parameters of which tools are texts: what families that write bare values need to know to read them.</summary>
public sealed class ToolSchemas
{
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

    private static bool MayBeText(JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("type", out var type)) return false;
        return type.ValueKind == JsonValueKind.String
            ? type.ValueEquals("string")
            : type.ValueKind == JsonValueKind.Array && type.EnumerateArray().Any(t => t.ValueKind == JsonValueKind.String && t.ValueEquals("string"));
    }
}
