using System.Text.Json;
using System.Text.Json.Nodes;

namespace AgentRuntime.AgentHost.Workflows.Expressions;

/// <summary>What is known of an expression's value before anything runs.</summary>
public sealed record ExpressionType
{
    private const int MaxSchemaDepth = 32;

    private ExpressionType(ExpressionKind kind) => Kind = kind;

    /// <summary>Nothing is known.</summary>
    public static ExpressionType Any { get; } = new(ExpressionKind.Any);

    /// <summary>Null.</summary>
    public static ExpressionType Null { get; } = new(ExpressionKind.Null);

    /// <summary>A boolean.</summary>
    public static ExpressionType Boolean { get; } = new(ExpressionKind.Boolean);

    /// <summary>A number.</summary>
    public static ExpressionType Number { get; } = new(ExpressionKind.Number);

    /// <summary>Text.</summary>
    public static ExpressionType String { get; } = new(ExpressionKind.String);

    /// <summary>A list of anything.</summary>
    public static ExpressionType List { get; } = ListOf(Any);

    /// <summary>A map of anything.</summary>
    public static ExpressionType Object { get; } = new(ExpressionKind.Object);

    /// <summary>The kind of value.</summary>
    public ExpressionKind Kind { get; }

    /// <summary>What a list's entries are.</summary>
    public ExpressionType Element { get; private init; } = null!;

    /// <summary>The names of a map and what they hold; null when any name may be there.</summary>
    public IReadOnlyDictionary<string, ExpressionType>? Properties { get; private init; }

    /// <summary>A list.</summary>
    public static ExpressionType ListOf(ExpressionType element) => new(ExpressionKind.List) { Element = element };

    /// <summary>A map with these names and no others.</summary>
    public static ExpressionType ObjectOf(IReadOnlyDictionary<string, ExpressionType> properties) => new(ExpressionKind.Object) { Properties = properties };

    /// <summary>The type of a constant.</summary>
    public static ExpressionType Of(JsonNode? value) => JsonValues.Kind(value) switch
    {
        JsonValueKind.Null => Null,
        JsonValueKind.True or JsonValueKind.False => Boolean,
        JsonValueKind.Number => Number,
        JsonValueKind.String => String,
        JsonValueKind.Array => ListOf(value!.AsArray().Select(Of).DefaultIfEmpty(Any).Aggregate(Join)),
        _ => ObjectOf(value!.AsObject().ToDictionary(p => p.Key, p => Of(p.Value))),
    };

    /// <summary>The type of the values that a JSON schema allows, as far as its <c>type</c>, <c>properties</c>, <c>items</c>, <c>enum</c> and <c>const</c> tell.</summary>
    public static ExpressionType FromSchema(JsonNode? schema) => FromSchema(schema, 0);

    /// <summary>The closest type that holds values of both.</summary>
    public static ExpressionType Join(ExpressionType left, ExpressionType right)
    {
        if (ReferenceEquals(left, right)) return left;
        if (left.Kind != right.Kind) return Any;
        return left.Kind switch
        {
            ExpressionKind.List => ListOf(Join(left.Element, right.Element)),
            ExpressionKind.Object when left.Properties is { } a && right.Properties is { } b && a.Count == b.Count && a.Keys.All(b.ContainsKey)
                => ObjectOf(a.ToDictionary(p => p.Key, p => Join(p.Value, b[p.Key]))),
            ExpressionKind.Object => Object,
            _ => left,
        };
    }

    /// <summary>Whether a value of this type may be of another kind; true where not enough is known.</summary>
    public bool MayBe(ExpressionKind kind) => Kind == kind || Kind == ExpressionKind.Any || kind == ExpressionKind.Any;

    /// <summary>For sentences: "text", "a number", "a list of text".</summary>
    public override string ToString() => Kind switch
    {
        ExpressionKind.List when Element.Kind is not ExpressionKind.Any => "a list of " + Element.Plural,
        ExpressionKind.Any => "a value",
        _ => Describe(Kind),
    };

    internal static string Describe(ExpressionKind kind) => kind switch
    {
        ExpressionKind.Any => "a value",
        ExpressionKind.Null => "null",
        ExpressionKind.Boolean => "true or false",
        ExpressionKind.Number => "a number",
        ExpressionKind.String => "text",
        ExpressionKind.List => "a list",
        _ => "a map",
    };

    private string Plural => Kind switch
    {
        ExpressionKind.Boolean => "booleans",
        ExpressionKind.Number => "numbers",
        ExpressionKind.String => "texts",
        ExpressionKind.List => "lists",
        ExpressionKind.Object => "maps",
        _ => "nulls",
    };

    private static ExpressionType FromSchema(JsonNode? schema, int depth)
    {
        if (schema is not JsonObject map || depth > MaxSchemaDepth) return Any;
        if (map["const"] is { } constant) return Of(constant);
        if (map["enum"] is JsonArray { Count: > 0 } options) return options.Select(Of).Aggregate(Join);
        // An $ref or a combination beside "properties" could add names, so a map is taken as closed only when it says so or is plain.
        var plain = !map.ContainsKey("$ref") && !map.ContainsKey("allOf") && !map.ContainsKey("anyOf") && !map.ContainsKey("oneOf") && !map.ContainsKey("patternProperties");
        switch (JsonValues.String(map["type"]))
        {
            case "string": return String;
            case "integer" or "number": return Number;
            case "boolean": return Boolean;
            case "null": return Null;
            case "array": return ListOf(map["prefixItems"] is null ? FromSchema(map["items"], depth + 1) : Any);
            case "object" when plain && map["properties"] is JsonObject properties && JsonValues.Kind(map["additionalProperties"]) is JsonValueKind.Null or JsonValueKind.False:
                return ObjectOf(properties.ToDictionary(p => p.Key, p => FromSchema(p.Value, depth + 1)));
            case "object": return Object;
            default: return Any;
        }
    }
}
