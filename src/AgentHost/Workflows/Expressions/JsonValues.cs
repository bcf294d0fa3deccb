using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AgentRuntime.AgentHost.Workflows.Expressions;

/// <summary>What the language needs from JSON values. None of it throws for a value from <see cref="TryParse"/>.</summary>
public static class JsonValues
{
    /// <summary>Deepest nesting of a value that is read.</summary>
    public const int MaxDepth = 64;

    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 1000 };

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = MaxDepth };

    /// <summary>Reads JSON text. Refused are duplicate names, half surrogate pairs, numbers that no double holds, and nesting deeper than <see cref="MaxDepth"/>.</summary>
    public static bool TryParse(string text, out JsonNode? value)
    {
        value = null;
        try
        {
            using var document = JsonDocument.Parse(text, Strict);
            value = From(document.RootElement);
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            // InvalidOperationException: a string with half a surrogate pair.
            return false;
        }
    }

    /// <summary>Text as it is, null as nothing, everything else as JSON on one line; null when that is longer than the limit.</summary>
    public static string? Text(JsonNode? value, int limit = int.MaxValue)
    {
        if (value is null) return "";
        if (Exceeds(value, limit)) return null;
        var text = Kind(value) == JsonValueKind.String ? String(value)! : Json(value);
        return text.Length <= limit ? text : null;
    }

    /// <summary>JSON on one line, with text unescaped where JSON allows it.</summary>
    public static string Json(JsonNode? value) => value is null ? "null" : value.ToJsonString(Compact);

    /// <summary>Whether two values are the same: numbers by value, text by its code units, lists and maps by their parts.</summary>
    public static bool AreEqual(JsonNode? left, JsonNode? right) => (Kind(left), Kind(right)) switch
    {
        (JsonValueKind.Number, JsonValueKind.Number) => Number(left) == Number(right),
        (JsonValueKind.String, JsonValueKind.String) => String(left) == String(right),
        (JsonValueKind.Array, JsonValueKind.Array) => left!.AsArray() is var a && right!.AsArray() is var b && a.Count == b.Count && a.Zip(b).All(pair => AreEqual(pair.First, pair.Second)),
        (JsonValueKind.Object, JsonValueKind.Object) => left!.AsObject() is var a && right!.AsObject() is var b && a.Count == b.Count && a.All(p => b.TryGetPropertyValue(p.Key, out var other) && AreEqual(p.Value, other)),
        var (a, b) => a == b,
    };

    /// <summary>A value's kind; <see cref="JsonValueKind.Null"/> for null.</summary>
    internal static JsonValueKind Kind(JsonNode? value) => value?.GetValueKind() ?? JsonValueKind.Null;

    /// <summary>A string's text; null for what is none.</summary>
    internal static string? String(JsonNode? value) => Kind(value) == JsonValueKind.String ? value!.GetValue<string>() : null;

    /// <summary>A number; null for what is none.</summary>
    internal static double? Number(JsonNode? value) =>
        Kind(value) == JsonValueKind.Number && double.TryParse(value!.ToJsonString(), CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>A number, as a whole one where it is.</summary>
    internal static JsonNode? FromNumber(double number) =>
        !double.IsFinite(number) ? null
        : number == Math.Floor(number) && Math.Abs(number) < 1L << 53 ? JsonValue.Create((long)number)
        : JsonValue.Create(number);

    /// <summary>Whether a value's text is surely longer than a limit.</summary>
    private static bool Exceeds(JsonNode value, int limit)
    {
        long size = 0;
        return Add(value);

        bool Add(JsonNode? part) => part switch
        {
            JsonArray array => (size += array.Count) > limit || array.Any(Add),
            JsonObject map => map.Any(p => (size += p.Key.Length) > limit || Add(p.Value)),
            _ => (size += String(part)?.Length ?? 1) > limit,
        };
    }

    private static JsonNode? From(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => new JsonObject(element.EnumerateObject().Select(p => KeyValuePair.Create(p.Name, From(p.Value)))),
        JsonValueKind.Array => new JsonArray([.. element.EnumerateArray().Select(From)]),
        JsonValueKind.String => JsonValue.Create(element.GetString()),
        JsonValueKind.Number when element.TryGetInt64(out var whole) => JsonValue.Create(whole),
        JsonValueKind.Number when element.TryGetDouble(out var number) && double.IsFinite(number) => JsonValue.Create(number),
        JsonValueKind.Number => throw new JsonException("A number that no double holds."),
        JsonValueKind.True => JsonValue.Create(true),
        JsonValueKind.False => JsonValue.Create(false),
        _ => null,
    };
}
