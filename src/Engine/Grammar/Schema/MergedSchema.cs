using System.Text.Json;
using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Schema;

/// <summary>What the own keywords of several schemas demand together.</summary>
internal sealed class MergedSchema
{
    private static readonly HashSet<string> Unsupported = new(StringComparer.Ordinal)
    {
        "if", "contains", "propertyNames", "patternProperties", "dependencies", "dependentRequired", "dependentSchemas",
        "unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$recursiveRef",
    };

    private readonly List<(Dictionary<string, SchemaPart> Properties, SchemaPart? Others)> _objects = [];
    private readonly List<(List<SchemaPart> Prefix, SchemaPart? Items)> _arrays = [];

    public MergedSchema(IEnumerable<SchemaPart> parts)
    {
        foreach (var part in parts) Add(part);
    }

    public JsonTypes Types { get; private set; } = JsonTypes.All;

    /// <summary>Whether more than the type restricts the value.</summary>
    public bool IsRestricted { get; private set; }

    /// <summary>The only values, by their canonical text; null when they are not listed.</summary>
    public Dictionary<string, JsonElement>? Values { get; private set; }

    public NumberBounds Bounds { get; private set; }

    public int MinLength { get; private set; }

    public int MaxLength { get; private set; } = int.MaxValue;

    public Dictionary<string, string> Patterns { get; } = new(StringComparer.Ordinal);

    public int MinItems { get; private set; }

    public int MaxItems { get; private set; } = int.MaxValue;

    public int MinProperties { get; private set; }

    public int MaxProperties { get; private set; } = int.MaxValue;

    /// <summary>The names that a schema gives or requires, in their order.</summary>
    public List<string> Names { get; } = [];

    public HashSet<string> Required { get; } = new(StringComparer.Ordinal);

    public int PrefixLength => _arrays.Count == 0 ? 0 : _arrays.Max(array => array.Prefix.Count);

    /// <summary>What the value of a property must satisfy; for null, of one that no schema names.</summary>
    public List<SchemaPart> Property(string? name) =>
        [.. _objects.Select(o => name is not null && o.Properties.TryGetValue(name, out var schema) ? schema : o.Others).OfType<SchemaPart>()];

    /// <summary>What an item must satisfy.</summary>
    public List<SchemaPart> Item(int index) => [.. _arrays.Select(a => index < a.Prefix.Count ? a.Prefix[index] : a.Items).OfType<SchemaPart>()];

    private void Add(SchemaPart part)
    {
        var (schema, pointer) = (part.Element, part.Pointer);
        Dictionary<string, SchemaPart> properties = new(StringComparer.Ordinal);
        List<SchemaPart> prefix = [];
        SchemaPart? others = null, items = null;
        foreach (var (name, value) in schema.EnumerateObject().Select(keyword => (keyword.Name, keyword.Value)))
        {
            var place = pointer + "/" + name;
            SchemaPart Sub() => new(value, place, SchemaPartKind.Whole);
            if (Unsupported.Contains(name)) throw new GrammarException($"{place}: the keyword '{name}' is not supported.");
            if (name == "not")
            {
                Exclude(value, place);
                continue;
            }
            var restricts = true;
            switch (name)
            {
                case "type": Types &= SchemaReader.Types(value, place); restricts = false; break;
                case "enum": Restrict(SchemaReader.Array(value, place)); restricts = false; break;
                case "const": Restrict([value]); restricts = false; break;
                case "minimum": Bounds = Bounds.And(new(SchemaReader.Number(value, place), false, null, false, 0)); break;
                case "maximum": Bounds = Bounds.And(new(null, false, SchemaReader.Number(value, place), false, 0)); break;
                case "exclusiveMinimum": Bounds = Bounds.And(new(SchemaReader.Number(value, place), true, null, false, 0)); break;
                case "exclusiveMaximum": Bounds = Bounds.And(new(null, false, SchemaReader.Number(value, place), true, 0)); break;
                case "multipleOf": Bounds = Bounds.And(new(null, false, null, false, Multiple(value, place))); break;
                case "minLength": MinLength = Math.Max(MinLength, SchemaReader.Count(value, place)); break;
                case "maxLength": MaxLength = Math.Min(MaxLength, SchemaReader.Count(value, place)); break;
                case "pattern": Patterns.TryAdd(SchemaReader.Text(value, place), place); break;
                case "format":
                    if (StringFormats.Find(SchemaReader.Text(value, place), pointer) is { } format) Patterns.TryAdd(format, place);
                    break;
                case "minItems": MinItems = Math.Max(MinItems, SchemaReader.Count(value, place)); break;
                case "maxItems": MaxItems = Math.Min(MaxItems, SchemaReader.Count(value, place)); break;
                case "minProperties": MinProperties = Math.Max(MinProperties, SchemaReader.Count(value, place)); break;
                case "maxProperties": MaxProperties = Math.Min(MaxProperties, SchemaReader.Count(value, place)); break;
                case "uniqueItems" when value.ValueKind == JsonValueKind.True: throw new GrammarException($"{place}: the keyword 'uniqueItems' is not supported.");
                case "required":
                    foreach (var required in SchemaReader.Array(value, place)) Require(SchemaReader.Text(required, place));
                    break;
                case "properties":
                    foreach (var property in SchemaReader.Object(value, place))
                    {
                        properties[property.Name] = new(property.Value, place + "/" + SchemaReader.Escape(property.Name), SchemaPartKind.Whole);
                        if (!Names.Contains(property.Name)) Names.Add(property.Name);
                    }
                    break;
                case "additionalProperties": others = Sub(); break;
                case "prefixItems":
                case "items" when value.ValueKind == JsonValueKind.Array:
                    prefix = [.. SchemaReader.Array(value, place).Select((item, i) => new SchemaPart(item, $"{place}/{i}", SchemaPartKind.Whole))];
                    break;
                case "items": items = Sub(); break;
                case "additionalItems" when schema.TryGetProperty("items", out var list) && list.ValueKind == JsonValueKind.Array: items = Sub(); break;
                default: restricts = false; break;
            }
            IsRestricted |= restricts;
        }
        _objects.Add((properties, others));
        _arrays.Add((prefix, items));
    }

    /// <summary>The few negations that are plain restrictions: of a type, of nothing, and of an object without properties.</summary>
    private void Exclude(JsonElement excluded, string place)
    {
        IsRestricted = true;
        if (excluded.ValueKind == JsonValueKind.False) return;
        var keywords = excluded.ValueKind == JsonValueKind.Object ? excluded.EnumerateObject().ToList() : [];
        if (excluded.ValueKind == JsonValueKind.True || (excluded.ValueKind == JsonValueKind.Object && keywords.Count == 0)) Types = JsonTypes.None;
        else if (keywords is [{ Name: "type" } type] && SchemaReader.Types(type.Value, place + "/type") is var types && (types & JsonTypes.Number) != JsonTypes.Integer) Types &= ~types;
        else if (keywords is [{ Name: "propertyNames", Value.ValueKind: JsonValueKind.False }]) (Types, MinProperties) = (Types & JsonTypes.Object, Math.Max(MinProperties, 1));
        else throw new GrammarException($"{place}: the keyword 'not' is supported only with a type.");
    }

    private static decimal Multiple(JsonElement value, string place)
    {
        var multiple = SchemaReader.Number(value, place);
        return multiple >= 1 && multiple == decimal.Truncate(multiple) ? multiple : throw new GrammarException($"{place}: only whole numbers from 1 are supported.");
    }

    private void Require(string name)
    {
        Required.Add(name);
        if (!Names.Contains(name)) Names.Add(name);
    }

    private void Restrict(IEnumerable<JsonElement> values)
    {
        Dictionary<string, JsonElement> listed = new(StringComparer.Ordinal);
        foreach (var value in values) listed.TryAdd(CanonicalJson.Write(value, sort: true), value);
        Values = Values is null ? listed : listed.Where(value => Values.ContainsKey(value.Key)).ToDictionary(StringComparer.Ordinal);
    }
}
