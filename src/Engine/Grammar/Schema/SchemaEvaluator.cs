using System.Globalization;
using System.Text.Json;
using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Schema;

/// <summary>Says whether a given value satisfies schemas: for values that are listed, every keyword is known, whether or not a grammar could hold to it.</summary>
internal sealed class SchemaEvaluator(JsonElement root)
{
    private const int MaxDepth = 200;
    private readonly Dictionary<string, CharacterAutomaton> _patterns = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> _listed = new(StringComparer.Ordinal);
    private int _depth;

    /// <exception cref="GrammarException">A keyword is broken, or refers to other documents.</exception>
    public bool Holds(SchemaPart part, JsonElement value)
    {
        if (++_depth > MaxDepth) throw new GrammarException($"{part.Pointer}: the schema refers to itself without end.");
        var holds = Evaluate(part, value);
        _depth--;
        return holds;
    }

    private bool Evaluate(SchemaPart part, JsonElement value)
    {
        var element = part.Element;
        bool Below(string keyword) => Holds(SchemaExpander.Sub(part, keyword), value);
        int Matching(string keyword) => SchemaExpander.Subs(part, keyword).Count(sub => Holds(sub, value));
        bool Has(string name) => value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out _);
        SchemaPart Not() => part with { Kind = SchemaPartKind.Not };
        switch (part.Kind)
        {
            case SchemaPartKind.Whole: return element.ValueKind == JsonValueKind.True || (element.ValueKind != JsonValueKind.False && Schema(part, value));
            case SchemaPartKind.Own: return element.EnumerateObject().All(keyword => Keyword(part, keyword.Name, keyword.Value, value));
            case SchemaPartKind.AnyOf: return Matching("anyOf") > 0;
            case SchemaPartKind.OneOf: return Matching("oneOf") == 1;
            case SchemaPartKind.If: return Below("if") ? !element.TryGetProperty("then", out _) || Below("then") : !element.TryGetProperty("else", out _) || Below("else");
            case SchemaPartKind.Not: return !Holds(part with { Kind = SchemaPartKind.Whole }, value);
            case SchemaPartKind.NotKeyword: return !Keyword(part, part.Name, element, value);
            case SchemaPartKind.Dependency: return !Has(part.Name) || SchemaExpander.Needs(part).All(need => Holds(need, value));
            case SchemaPartKind.IsObject: return value.ValueKind == JsonValueKind.Object;
            case SchemaPartKind.IsArray: return value.ValueKind == JsonValueKind.Array;
            case SchemaPartKind.Present: return Has(part.Name);
            case SchemaPartKind.Absent: return !Has(part.Name);
            case SchemaPartKind.PropertyNot: return Has(part.Name) && Holds(Not(), value.GetProperty(part.Name));
            case SchemaPartKind.ItemsNot: return value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => Holds(Not(), item));
            default: return value.ValueKind == JsonValueKind.Array && value.EnumerateArray().Any(item => Holds(Not(), item));
        }
    }

    private bool Schema(SchemaPart part, JsonElement value)
    {
        if (part.Element.ValueKind != JsonValueKind.Object) throw new GrammarException($"{part.Pointer}: a schema is expected: an object, true or false.");
        foreach (var (name, kind) in new[] { ("anyOf", SchemaPartKind.AnyOf), ("oneOf", SchemaPartKind.OneOf), ("if", SchemaPartKind.If) })
        {
            if (part.Element.TryGetProperty(name, out _) && !Holds(part with { Kind = kind }, value)) return false;
        }
        if (part.Element.TryGetProperty("$ref", out var reference)
            && !Holds(SchemaReader.Resolve(root, SchemaReader.Text(reference, part.Pointer + "/$ref"), part.Pointer), value)) return false;
        if (part.Element.TryGetProperty("not", out _) && Holds(SchemaExpander.Sub(part, "not"), value)) return false;
        if (part.Element.TryGetProperty("allOf", out _) && !SchemaExpander.Subs(part, "allOf").TrueForAll(sub => Holds(sub, value))) return false;
        foreach (var keyword in SchemaExpander.DependencyKeywords)
        {
            if (part.Element.TryGetProperty(keyword, out _) && !SchemaExpander.Dependencies(part, keyword).All(dependency => Holds(dependency, value))) return false;
        }
        return Holds(part with { Kind = SchemaPartKind.Own }, value);
    }

    private bool Keyword(SchemaPart schema, string name, JsonElement keyword, JsonElement value)
    {
        var place = schema.Kind == SchemaPartKind.NotKeyword ? schema.Pointer : schema.Pointer + "/" + name;
        switch (name)
        {
            case "type": return SchemaReader.Types(keyword, place).HasFlag(TypeOf(value));
            case "const": return Same(keyword, value);
            case "enum":
                if (!_listed.TryGetValue(place, out var listed)) _listed[place] = listed = [.. SchemaReader.Array(keyword, place).Select(entry => CanonicalJson.Write(entry, sort: true))];
                return listed.Contains(CanonicalJson.Write(value, sort: true));
            case "unevaluatedProperties" or "unevaluatedItems" or "$dynamicRef" or "$recursiveRef": throw new GrammarException($"{place}: the keyword '{name}' is not supported.");
        }
        return value.ValueKind switch
        {
            JsonValueKind.Number => OfNumber(name, keyword, place, value),
            JsonValueKind.String => OfText(name, keyword, place, value.GetString()!),
            JsonValueKind.Array => OfArray(schema, name, keyword, place, [.. value.EnumerateArray()]),
            JsonValueKind.Object => OfObject(schema, name, keyword, place, [.. value.EnumerateObject().Reverse().DistinctBy(member => member.Name)]),
            _ => true,
        };
    }

    private static bool OfNumber(string name, JsonElement keyword, string place, JsonElement value)
    {
        if (name is not ("minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum" or "multipleOf")) return true;
        if (!decimal.TryParse(value.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)) return false;
        var bound = SchemaReader.Number(keyword, place);
        return name switch
        {
            "minimum" => number >= bound,
            "maximum" => number <= bound,
            "exclusiveMinimum" => number > bound,
            "exclusiveMaximum" => number < bound,
            _ => number % SchemaReader.Multiple(keyword, place) == 0,
        };
    }

    private bool OfText(string name, JsonElement keyword, string place, string value) => name switch
    {
        "minLength" => value.EnumerateRunes().Count() >= SchemaReader.Count(keyword, place),
        "maxLength" => value.EnumerateRunes().Count() <= SchemaReader.Count(keyword, place),
        "pattern" => Matches(SchemaReader.Text(keyword, place), place, value),
        "format" => StringFormats.Find(SchemaReader.Text(keyword, place), place) is not { } pattern || Matches(pattern, place, value),
        _ => true,
    };

    private bool OfArray(SchemaPart schema, string name, JsonElement keyword, string place, List<JsonElement> items)
    {
        bool Has(string other, out JsonElement found) => schema.Element.TryGetProperty(other, out found);
        SchemaPart At(JsonElement element, int index) => new(element, $"{place}/{index}", SchemaPartKind.Whole);
        var sub = new SchemaPart(keyword, place, SchemaPartKind.Whole);
        switch (name)
        {
            case "minItems": return items.Count >= SchemaReader.Count(keyword, place);
            case "maxItems": return items.Count <= SchemaReader.Count(keyword, place);
            case "uniqueItems": return keyword.ValueKind != JsonValueKind.True || items.DistinctBy(item => CanonicalJson.Write(item, sort: true)).Count() == items.Count;
            case "prefixItems" or "items" when keyword.ValueKind == JsonValueKind.Array:
                return items.Zip(keyword.EnumerateArray()).Select((pair, i) => Holds(At(pair.Second, i), pair.First)).All(holds => holds);
            case "items": return items.Skip(Has("prefixItems", out var prefix) ? prefix.GetArrayLength() : 0).All(item => Holds(sub, item));
            case "additionalItems" when Has("items", out var list) && list.ValueKind == JsonValueKind.Array: return items.Skip(list.GetArrayLength()).All(item => Holds(sub, item));
            case "contains":
                var count = items.Count(item => Holds(sub, item));
                var min = Has("minContains", out var least) ? SchemaReader.Count(least, schema.Pointer + "/minContains") : 1;
                return count >= min && (!Has("maxContains", out var most) || count <= SchemaReader.Count(most, schema.Pointer + "/maxContains"));
            default: return true;
        }
    }

    private bool OfObject(SchemaPart schema, string name, JsonElement keyword, string place, List<JsonProperty> members)
    {
        bool Declares(string property) => schema.Element.TryGetProperty("properties", out var properties) && properties.TryGetProperty(property, out _);
        bool Matched(string property) => schema.Element.TryGetProperty("patternProperties", out var patterns) && patterns.EnumerateObject().Any(pattern => Matches(pattern.Name, place, property));
        var sub = new SchemaPart(keyword, place, SchemaPartKind.Whole);
        SchemaPart At(JsonProperty property) => new(property.Value, $"{place}/{SchemaReader.Escape(property.Name)}", SchemaPartKind.Whole);
        switch (name)
        {
            case "minProperties": return members.Count >= SchemaReader.Count(keyword, place);
            case "maxProperties": return members.Count <= SchemaReader.Count(keyword, place);
            case "required": return SchemaReader.Array(keyword, place).All(required => members.Exists(member => member.NameEquals(SchemaReader.Text(required, place))));
            case "properties": return SchemaReader.Object(keyword, place).All(property => members.FindIndex(member => member.NameEquals(property.Name)) is var at && (at < 0 || Holds(At(property), members[at].Value)));
            case "patternProperties": return SchemaReader.Object(keyword, place).All(pattern => members.TrueForAll(member => !Matches(pattern.Name, place, member.Name) || Holds(At(pattern), member.Value)));
            case "additionalProperties": return members.TrueForAll(member => Declares(member.Name) || Matched(member.Name) || Holds(sub, member.Value));
            case "propertyNames": return members.TrueForAll(member => Holds(sub, JsonSerializer.SerializeToElement(member.Name)));
            default: return true;
        }
    }

    private bool Matches(string pattern, string place, string text)
    {
        if (!_patterns.TryGetValue(pattern, out var matcher)) _patterns[pattern] = matcher = PatternParser.Parse(pattern, place, whole: false);
        return matcher.Matches(text);
    }

    private static bool Same(JsonElement a, JsonElement b) => CanonicalJson.Write(a, sort: true) == CanonicalJson.Write(b, sort: true);

    /// <summary>The type of a value.</summary>
    public static JsonTypes TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => JsonTypes.Null,
        JsonValueKind.True or JsonValueKind.False => JsonTypes.Boolean,
        JsonValueKind.Number => CanonicalJson.Number(value).AsSpan().IndexOfAny('.', 'e', 'E') < 0 ? JsonTypes.Integer : JsonTypes.Fraction,
        JsonValueKind.String => JsonTypes.String,
        JsonValueKind.Array => JsonTypes.Array,
        _ => JsonTypes.Object,
    };
}
