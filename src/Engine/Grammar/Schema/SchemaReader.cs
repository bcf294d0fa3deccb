using System.Globalization;
using System.Text.Json;

namespace AgentRuntime.Engine.Grammar.Schema;

/// <summary>Reads keywords of a schema, each with its place in the errors.</summary>
internal static class SchemaReader
{
    private const int MaxCount = 200_000;

    /// <summary>A count: a whole number, at least 0.</summary>
    public static int Count(JsonElement value, string pointer) =>
        value.ValueKind == JsonValueKind.Number && decimal.TryParse(value.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
        && number >= 0 && number == decimal.Truncate(number)
            ? number <= MaxCount ? (int)number : throw new GrammarException($"{pointer}: {number} is too many; at most {MaxCount} is supported.")
            : throw new GrammarException($"{pointer}: a whole number, 0 or more, is expected.");

    /// <summary>A number of at most 15 digits before and 10 after the point.</summary>
    public static decimal Number(JsonElement value, string pointer) =>
        value.ValueKind == JsonValueKind.Number && decimal.TryParse(value.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
        && Math.Abs(number) < 1e15m && number == Math.Round(number, 10)
            ? number
            : throw new GrammarException($"{pointer}: a number of at most 15 digits before and 10 after the point is expected.");

    /// <summary>What a number must be a multiple of: above 0.</summary>
    public static decimal Multiple(JsonElement value, string pointer) =>
        Number(value, pointer) is > 0 and var multiple ? multiple : throw new GrammarException($"{pointer}: a number above 0 is expected.");

    public static string Text(JsonElement value, string pointer) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw new GrammarException($"{pointer}: a string is expected.");

    public static IEnumerable<JsonElement> Array(JsonElement value, string pointer) =>
        value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : throw new GrammarException($"{pointer}: an array is expected.");

    public static IEnumerable<JsonProperty> Object(JsonElement value, string pointer) =>
        value.ValueKind == JsonValueKind.Object ? value.EnumerateObject() : throw new GrammarException($"{pointer}: an object is expected.");

    public static JsonTypes Types(JsonElement value, string pointer)
    {
        if (value.ValueKind != JsonValueKind.Array) return Type(Text(value, pointer), pointer);
        return value.EnumerateArray().Aggregate(JsonTypes.None, (types, type) => types | Type(Text(type, pointer), pointer));
    }

    /// <summary>A name as part of a JSON pointer.</summary>
    public static string Escape(string name) => name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    /// <summary>What a reference into the same document points to.</summary>
    public static SchemaPart Resolve(JsonElement root, string reference, string pointer)
    {
        if (reference != "#" && !reference.StartsWith("#/", StringComparison.Ordinal))
            throw new GrammarException($"{pointer}/$ref: '{reference}' is not supported; only references within the schema, '#/…', are.");
        var place = Uri.UnescapeDataString(reference);
        var at = root;
        foreach (var part in place.Split('/').Skip(1))
        {
            var name = part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            var found = at.ValueKind switch
            {
                JsonValueKind.Object => at.TryGetProperty(name, out at),
                JsonValueKind.Array when int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < at.GetArrayLength() => (at = at[index]).ValueKind >= 0,
                _ => false,
            };
            if (!found) throw new GrammarException($"{pointer}/$ref: there is no '{reference}' in the schema.");
        }
        return new SchemaPart(at, place, SchemaPartKind.Whole);
    }

    private static JsonTypes Type(string name, string pointer) => name switch
    {
        "null" => JsonTypes.Null,
        "boolean" => JsonTypes.Boolean,
        "integer" => JsonTypes.Integer,
        "number" => JsonTypes.Number,
        "string" => JsonTypes.String,
        "array" => JsonTypes.Array,
        "object" => JsonTypes.Object,
        _ => throw new GrammarException($"{pointer}: there is no type '{name}'."),
    };
}
