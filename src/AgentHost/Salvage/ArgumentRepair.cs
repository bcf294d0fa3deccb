using System.Globalization;
using System.Text.Json;

namespace AgentRuntime.AgentHost.Salvage;

/// <summary>
/// Fits arguments to a tool's JSON schema where that is certain: a name that differs in case or dashes, a number or truth
/// value in quotes, JSON in quotes where an object or a list belongs, a number where a text belongs, null for what is optional.
/// </summary>
internal static class ArgumentRepair
{
    /// <summary>The repaired arguments, or null when there is nothing to repair.</summary>
    public static IDictionary<string, object?>? Repair(JsonElement schema, IDictionary<string, object?> arguments)
    {
        var properties = Properties(schema).ToDictionary(property => property.Name, property => property.Value, StringComparer.Ordinal);
        if (properties.Count == 0) return null;
        var required = schema.TryGetProperty("required", out var names) && names.ValueKind == JsonValueKind.Array ? names.EnumerateArray().Select(Text).ToHashSet() : [];
        Dictionary<string, object?> repaired = new(StringComparer.Ordinal);
        var changed = false;
        foreach (var (given, value) in arguments)
        {
            var name = Name(given, properties.Keys, arguments);
            changed |= name != given;
            if (!properties.TryGetValue(name, out var property))
            {
                repaired[name] = value;
                continue;
            }
            var types = Types(property);
            if (value is null or JsonElement { ValueKind: JsonValueKind.Null } && !required.Contains(name) && types.Count > 0 && !types.Contains("null"))
            {
                changed = true;
                continue;
            }
            var fitted = Fit(value, types);
            changed |= fitted is not null;
            repaired[name] = fitted is { } json ? json : value;
        }
        return changed ? repaired : null;
    }

    /// <summary>A name without what models get wrong about names.</summary>
    public static string Plain(string name) => name.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal).ToUpperInvariant();

    /// <summary>The properties that a schema declares.</summary>
    public static IEnumerable<JsonProperty> Properties(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object
            ? properties.EnumerateObject()
            : [];

    private static string Name(string given, IReadOnlyCollection<string> known, IDictionary<string, object?> arguments)
    {
        if (known.Contains(given)) return given;
        var alike = known.Where(name => Plain(name) == Plain(given)).ToList();
        var isOnly = alike.Count == 1 && arguments.Keys.Count(other => Plain(other) == Plain(given)) == 1;
        return isOnly ? alike[0] : given;
    }

    private static HashSet<string> Types(JsonElement property)
    {
        if (property.ValueKind != JsonValueKind.Object || !property.TryGetProperty("type", out var type)) return [];
        return type.ValueKind == JsonValueKind.Array ? [.. type.EnumerateArray().Select(Text).OfType<string>()] : [Text(type) ?? ""];
    }

    /// <summary>The value as one of the types, or null when it is one already or cannot be made one.</summary>
    private static JsonElement? Fit(object? value, HashSet<string> types)
    {
        var given = value is JsonElement element ? element : JsonSerializer.SerializeToElement(value);
        if (types.Count == 0 || types.Contains(TypeOf(given)) || (types.Contains("number") && TypeOf(given) == "integer")) return null;
        if (given.ValueKind is JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False) return types.Contains("string") ? JsonSerializer.SerializeToElement(given.GetRawText()) : null;
        if (given.ValueKind != JsonValueKind.String || !TryParse(given.GetString()!, out var inner)) return null;
        return types.Contains(TypeOf(inner)) || (types.Contains("number") && TypeOf(inner) == "integer") ? inner : null;
    }

    private static bool TryParse(string text, out JsonElement json)
    {
        json = default;
        // Python's spelling, which models know better than JSON's.
        text = text.Trim() switch { "True" => "true", "False" => "false", var other => other };
        try
        {
            json = JsonElement.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => "string",
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Number => decimal.TryParse(value.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && number == decimal.Truncate(number) ? "integer" : "number",
        _ => "null",
    };

    private static string? Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
