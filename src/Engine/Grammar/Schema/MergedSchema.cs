using System.Globalization;
using System.Text.Json;
using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Schema;

/// <summary>What the own keywords of several schemas demand together.</summary>
internal sealed class MergedSchema
{
    private const int MaxPatterns = 5;

    private static readonly HashSet<string> Unsupported = new(StringComparer.Ordinal) { "unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "$recursiveRef" };
    private static readonly JsonElement False = JsonElement.Parse("false");

    private readonly SchemaExpander _expander;
    private readonly PatternCache _patterns;
    private readonly List<PropertyRules> _objects = [];
    private readonly List<(List<SchemaPart> Prefix, SchemaPart? Items)> _arrays = [];
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <exception cref="GrammarException">A keyword is broken, or needs what is not supported.</exception>
    public MergedSchema(IEnumerable<SchemaPart> parts, SchemaExpander expander, PatternCache patterns)
    {
        (_expander, _patterns) = (expander, patterns);
        (Text, PropertyNames) = (new(patterns), new(patterns));
        foreach (var part in parts) Add(part);
        if (Patterns.Count > MaxPatterns) throw new GrammarException($"{Patterns[MaxPatterns].Place}: more than {MaxPatterns} patterns of property names in one object are not supported.");
    }

    public JsonTypes Types { get; private set; } = JsonTypes.All;

    /// <summary>Whether null, true and false are among the values, as far as single ones were excluded.</summary>
    public HashSet<string> ExcludedWords { get; } = new(StringComparer.Ordinal);

    public NumberBounds Bounds { get; private set; } = NumberBounds.None;

    /// <summary>What texts may be.</summary>
    public StringLanguage Text { get; }

    public int MinItems { get; private set; }

    public int MaxItems { get; private set; } = int.MaxValue;

    /// <summary>What some items must satisfy, and how many of them.</summary>
    public List<(SchemaPart Item, int Min, int Max)> Contains { get; } = [];

    public int MinProperties { get; private set; }

    public int MaxProperties { get; private set; } = int.MaxValue;

    /// <summary>The names that a schema gives or requires, in their order.</summary>
    public List<string> Names { get; } = [];

    public HashSet<string> Required { get; } = new(StringComparer.Ordinal);

    /// <summary>What names of properties may be.</summary>
    public StringLanguage PropertyNames { get; }

    /// <summary>The patterns that say what properties are, each once.</summary>
    public List<(string Pattern, string Place)> Patterns => [.. _objects.SelectMany(o => o.Patterns).DistinctBy(entry => entry.Pattern)];

    public int PrefixLength => _arrays.Count == 0 ? 0 : _arrays.Max(array => array.Prefix.Count);

    /// <summary>What the value of a named property must satisfy.</summary>
    public List<SchemaPart> Property(string name) =>
        PropertyNames.Contains(name) ? [.. _objects.SelectMany(o => o.Of(name))] : [new(False, "#false", SchemaPartKind.Whole)];

    /// <summary>What the value of a property must satisfy that no schema names.</summary>
    /// <param name="label">A bit for each of <see cref="Patterns"/> that its name matches.</param>
    public List<SchemaPart> Property(int label)
    {
        var patterns = Patterns;
        return [.. _objects.SelectMany(o => o.Of(pattern => (label >> patterns.FindIndex(entry => entry.Pattern == pattern) & 1) != 0))];
    }

    /// <summary>What an item must satisfy.</summary>
    public List<SchemaPart> Item(int index) => [.. _arrays.Select(a => index < a.Prefix.Count ? a.Prefix[index] : a.Items).OfType<SchemaPart>()];

    private void Add(SchemaPart part)
    {
        switch (part.Kind)
        {
            case SchemaPartKind.Own: AddKeywords(part); return;
            case SchemaPartKind.NotKeyword: Exclude(part.Name, part.Element, part.Pointer); return;
            case SchemaPartKind.IsObject: Types &= JsonTypes.Object; return;
            case SchemaPartKind.IsArray: Types &= JsonTypes.Array; return;
            case SchemaPartKind.Present:
                Types &= JsonTypes.Object;
                Require(part.Name);
                return;
            case SchemaPartKind.Absent: AddProperty(part with { Element = False, Kind = SchemaPartKind.Whole, Name = "" }, part.Name); return;
            case SchemaPartKind.PropertyNot:
                Types &= JsonTypes.Object;
                Require(part.Name);
                AddProperty(part with { Kind = SchemaPartKind.Not, Name = "" }, part.Name);
                return;
            case SchemaPartKind.ItemsNot:
                Types &= JsonTypes.Array;
                _arrays.Add(([], part with { Kind = SchemaPartKind.Not }));
                return;
            case SchemaPartKind.ContainsNot:
                Types &= JsonTypes.Array;
                Contains.Add((part with { Kind = SchemaPartKind.Not }, 1, int.MaxValue));
                return;
            default: throw new InvalidOperationException($"{part.Kind} was not expanded.");
        }
    }

    private void AddProperty(SchemaPart value, string name)
    {
        var rules = new PropertyRules(_patterns);
        rules.Named[name] = value;
        _objects.Add(rules);
        Declare(name);
    }

    private void AddKeywords(SchemaPart part)
    {
        var (schema, pointer) = (part.Element, part.Pointer);
        var rules = new PropertyRules(_patterns);
        List<SchemaPart> prefix = [];
        SchemaPart? items = null;
        foreach (var (name, value) in schema.EnumerateObject().Select(keyword => (keyword.Name, keyword.Value)))
        {
            var place = pointer + "/" + name;
            SchemaPart Sub() => new(value, place, SchemaPartKind.Whole);
            if (Unsupported.Contains(name)) throw new GrammarException($"{place}: the keyword '{name}' is not supported.");
            switch (name)
            {
                case "type": Types &= SchemaReader.Types(value, place); break;
                case "minimum": Bounds = Bounds.And(NumberBounds.None with { Min = SchemaReader.Number(value, place) }); break;
                case "maximum": Bounds = Bounds.And(NumberBounds.None with { Max = SchemaReader.Number(value, place) }); break;
                case "exclusiveMinimum": Bounds = Bounds.And(NumberBounds.None with { Min = SchemaReader.Number(value, place), MinExcluded = true }); break;
                case "exclusiveMaximum": Bounds = Bounds.And(NumberBounds.None with { Max = SchemaReader.Number(value, place), MaxExcluded = true }); break;
                case "multipleOf": Bounds = Bounds.TimesOf(SchemaReader.Multiple(value, place)); break;
                case "minLength": Text.AtLeast(SchemaReader.Count(value, place)); break;
                case "maxLength": Text.AtMost(SchemaReader.Count(value, place)); break;
                case "pattern": Text.Match(SchemaReader.Text(value, place), place); break;
                case "format":
                    if (StringFormats.Find(SchemaReader.Text(value, place), pointer) is { } format) Text.Match(format, place);
                    break;
                case "minItems": MinItems = Math.Max(MinItems, SchemaReader.Count(value, place)); break;
                case "maxItems": MaxItems = Math.Min(MaxItems, SchemaReader.Count(value, place)); break;
                case "uniqueItems" when value.ValueKind == JsonValueKind.True:
                    // At most one item is always unique.
                    if (!(schema.TryGetProperty("maxItems", out var most) && SchemaReader.Count(most, pointer + "/maxItems") <= 1)) throw new GrammarException($"{place}: the keyword 'uniqueItems' is not supported.");
                    break;
                case "contains": Contains.Add((Sub(), Limit(schema, pointer, "minContains") ?? 1, Limit(schema, pointer, "maxContains") ?? int.MaxValue)); break;
                case "minProperties": MinProperties = Math.Max(MinProperties, SchemaReader.Count(value, place)); break;
                case "maxProperties": MaxProperties = Math.Min(MaxProperties, SchemaReader.Count(value, place)); break;
                case "required":
                    foreach (var required in SchemaReader.Array(value, place)) Require(SchemaReader.Text(required, place));
                    break;
                case "properties":
                    foreach (var property in SchemaReader.Object(value, place))
                    {
                        rules.Named[property.Name] = new(property.Value, place + "/" + SchemaReader.Escape(property.Name), SchemaPartKind.Whole);
                        Declare(property.Name);
                    }
                    break;
                case "patternProperties": rules.AddPatterns(value, place); break;
                case "propertyNames": Restrict(Sub()); break;
                case "additionalProperties": rules.Others = Sub(); break;
                case "prefixItems":
                case "items" when value.ValueKind == JsonValueKind.Array:
                    prefix = [.. SchemaReader.Array(value, place).Select((item, i) => new SchemaPart(item, $"{place}/{i}", SchemaPartKind.Whole))];
                    break;
                case "items": items = Sub(); break;
                case "additionalItems" when schema.TryGetProperty("items", out var list) && list.ValueKind == JsonValueKind.Array: items = Sub(); break;
            }
        }
        _objects.Add(rules);
        _arrays.Add((prefix, items));
    }

    /// <summary>Demands that one keyword does not hold.</summary>
    private void Exclude(string name, JsonElement value, string place)
    {
        switch (name)
        {
            case "type": Types &= ~SchemaReader.Types(value, place); break;
            case "const": ExcludeValue(value, place); break;
            case "enum":
                foreach (var listed in SchemaReader.Array(value, place)) ExcludeValue(listed, place);
                break;
            case "minimum": Number(NumberBounds.None with { Max = SchemaReader.Number(value, place), MaxExcluded = true }); break;
            case "maximum": Number(NumberBounds.None with { Min = SchemaReader.Number(value, place), MinExcluded = true }); break;
            case "exclusiveMinimum": Number(NumberBounds.None with { Max = SchemaReader.Number(value, place) }); break;
            case "exclusiveMaximum": Number(NumberBounds.None with { Min = SchemaReader.Number(value, place) }); break;
            case "multipleOf": Number(NumberBounds.None with { NotMultiples = [SchemaReader.Multiple(value, place)] }); break;
            case "minLength": Less(JsonTypes.String, SchemaReader.Count(value, place), Text.AtMost); break;
            case "maxLength": More(JsonTypes.String, SchemaReader.Count(value, place), Text.AtLeast); break;
            case "pattern":
                Types &= JsonTypes.String;
                Text.MatchNot(SchemaReader.Text(value, place), place);
                break;
            case "minItems": Less(JsonTypes.Array, SchemaReader.Count(value, place), most => MaxItems = Math.Min(MaxItems, most)); break;
            case "maxItems": More(JsonTypes.Array, SchemaReader.Count(value, place), least => MinItems = Math.Max(MinItems, least)); break;
            case "minProperties": Less(JsonTypes.Object, SchemaReader.Count(value, place), most => MaxProperties = Math.Min(MaxProperties, most)); break;
            default: More(JsonTypes.Object, SchemaReader.Count(value, place), least => MinProperties = Math.Max(MinProperties, least)); break;
        }
    }

    private void Number(NumberBounds bounds)
    {
        Types &= JsonTypes.Number;
        Bounds = Bounds.And(bounds);
    }

    private void Less(JsonTypes type, int count, Action<int> atMost)
    {
        Types &= count == 0 ? JsonTypes.None : type;
        atMost(Math.Max(0, count - 1));
    }

    private void More(JsonTypes type, int count, Action<int> atLeast)
    {
        Types &= type;
        atLeast(count + 1);
    }

    private void ExcludeValue(JsonElement value, string place)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Number:
                if (!decimal.TryParse(value.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)) throw new GrammarException($"{place}: the number cannot be excluded: it has too many digits.");
                Bounds = Bounds.And(NumberBounds.None with { Excluded = [number] });
                break;
            case JsonValueKind.String: Text.MatchNot(StringLanguage.Listed([value.GetString()!]), place); break;
            case JsonValueKind.Array when value.GetArrayLength() == 0: MinItems = Math.Max(MinItems, 1); break;
            case JsonValueKind.Object when !value.EnumerateObject().Any(): MinProperties = Math.Max(MinProperties, 1); break;
            case JsonValueKind.Array or JsonValueKind.Object: throw new GrammarException($"{place}: an array or object that must not come is supported only where it is empty.");
            default: ExcludedWords.Add(value.GetRawText()); break;
        }
    }

    /// <summary>Demands something of the names of properties.</summary>
    private void Restrict(SchemaPart names)
    {
        var parts = _expander.Expand([names]);
        if (parts is null) MaxProperties = 0;
        foreach (var part in parts ?? [])
        {
            // Names are texts: what is said of objects holds for them anyway, or never.
            if (part.Kind is SchemaPartKind.Absent or SchemaPartKind.Dependency) continue;
            if (part.Kind == SchemaPartKind.Own) RestrictBy(part);
            else if (part.Kind == SchemaPartKind.NotKeyword) RestrictByNot(part.Name, part.Element, part.Pointer);
            else if (SchemaExpander.IsChoice(part)) throw new GrammarException($"{part.Pointer}: names of properties that leave a choice of schemas are not supported; put them in one pattern.");
            else MaxProperties = 0;
        }
    }

    private void RestrictBy(SchemaPart part)
    {
        foreach (var keyword in part.Element.EnumerateObject())
        {
            var place = $"{part.Pointer}/{keyword.Name}";
            switch (keyword.Name)
            {
                case "type" when !SchemaReader.Types(keyword.Value, place).HasFlag(JsonTypes.String): MaxProperties = 0; break;
                case "const": ListNames([keyword.Value], place); break;
                case "enum": ListNames(SchemaReader.Array(keyword.Value, place), place); break;
                case "minLength": PropertyNames.AtLeast(SchemaReader.Count(keyword.Value, place)); break;
                case "maxLength": PropertyNames.AtMost(SchemaReader.Count(keyword.Value, place)); break;
                case "pattern": PropertyNames.Match(SchemaReader.Text(keyword.Value, place), place); break;
                case "format" when StringFormats.Find(SchemaReader.Text(keyword.Value, place), part.Pointer) is { } format: PropertyNames.Match(format, place); break;
            }
        }
    }

    private void RestrictByNot(string name, JsonElement value, string place)
    {
        switch (name)
        {
            case "const" or "enum":
                var texts = Texts(name == "const" ? [value] : SchemaReader.Array(value, place));
                if (texts.Count > 0) PropertyNames.MatchNot(StringLanguage.Listed(texts), place);
                break;
            case "pattern": PropertyNames.MatchNot(SchemaReader.Text(value, place), place); break;
            case "minLength" when SchemaReader.Count(value, place) is > 0 and var least: PropertyNames.AtMost(least - 1); break;
            case "maxLength": PropertyNames.AtLeast(SchemaReader.Count(value, place) + 1); break;
            case "type" when !SchemaReader.Types(value, place).HasFlag(JsonTypes.String): break;
            default: MaxProperties = 0; break;
        }
    }

    private void ListNames(IEnumerable<JsonElement> values, string place)
    {
        var texts = Texts(values);
        if (texts.Count == 0) MaxProperties = 0;
        else PropertyNames.Match(StringLanguage.Listed(texts), place);
        foreach (var text in texts) Declare(text);
    }

    private static List<string> Texts(IEnumerable<JsonElement> values) => [.. values.Where(value => value.ValueKind == JsonValueKind.String).Select(value => value.GetString()!)];

    private static int? Limit(JsonElement schema, string pointer, string keyword) =>
        schema.TryGetProperty(keyword, out var value) ? SchemaReader.Count(value, $"{pointer}/{keyword}") : null;

    private void Require(string name)
    {
        Required.Add(name);
        Declare(name);
    }

    private void Declare(string name)
    {
        if (_known.Add(name)) Names.Add(name);
    }
}
