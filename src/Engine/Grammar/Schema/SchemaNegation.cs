using System.Text.Json;

namespace AgentRuntime.Engine.Grammar.Schema;

/// <summary>Turns "does not hold" into what holds instead: one alternative for each keyword that may fail.</summary>
internal sealed class SchemaNegation(JsonElement root)
{
    /// <summary>The alternatives of which one holds when the schema does not; none when it always holds.</summary>
    /// <exception cref="GrammarException">A keyword cannot be negated.</exception>
    public List<List<SchemaPart>> Alternatives(SchemaPart part)
    {
        var (schema, pointer) = (part.Element, part.Pointer);
        if (schema.ValueKind == JsonValueKind.True) return [];
        if (schema.ValueKind == JsonValueKind.False) return [[]];
        if (schema.ValueKind != JsonValueKind.Object) throw new GrammarException($"{pointer}: a schema is expected: an object, true or false.");
        return [.. schema.EnumerateObject().Where(keyword => !IsTrivial(keyword.Value) || keyword.Name == "not").SelectMany(keyword => Failing(part, keyword.Name, keyword.Value, pointer + "/" + keyword.Name))];
    }

    private static bool IsTrivial(JsonElement value) => value.ValueKind == JsonValueKind.True || (value.ValueKind == JsonValueKind.Object && !value.EnumerateObject().Any());

    private static SchemaPart Not(SchemaPart part) => part with { Kind = SchemaPartKind.Not };

    /// <summary>The ways in which a keyword fails.</summary>
    private IEnumerable<List<SchemaPart>> Failing(SchemaPart schema, string name, JsonElement value, string place)
    {
        SchemaPart Part(SchemaPartKind kind, string property = "") => new(value, place, kind, property);
        switch (name)
        {
            case "$ref": return [[Not(SchemaReader.Resolve(root, SchemaReader.Text(value, place), schema.Pointer))]];
            case "allOf": return SchemaExpander.Subs(schema, name).Select(sub => new List<SchemaPart> { Not(sub) });
            case "anyOf": return [[.. SchemaExpander.Subs(schema, name).Select(Not)]];
            case "oneOf": return OneOf(SchemaExpander.Subs(schema, name));
            case "not": return [[Part(SchemaPartKind.Whole)]];
            case "if": return Conditions(schema);
            case "required":
                return SchemaReader.Array(value, place).Select(required => new List<SchemaPart> { Part(SchemaPartKind.IsObject), Part(SchemaPartKind.Absent, SchemaReader.Text(required, place)) });
            case "properties":
                return SchemaReader.Object(value, place).Where(property => !IsTrivial(property.Value))
                    .Select(property => new List<SchemaPart> { new(property.Value, $"{place}/{SchemaReader.Escape(property.Name)}", SchemaPartKind.PropertyNot, property.Name) });
            case "dependencies" or "dependentRequired" or "dependentSchemas":
                return SchemaExpander.Dependencies(schema, name).SelectMany(dependency => SchemaExpander.Needs(dependency)
                    .Select(need => new List<SchemaPart> { dependency with { Kind = SchemaPartKind.Present }, need.Kind == SchemaPartKind.Whole ? Not(need) : need with { Kind = SchemaPartKind.Absent } }));
            case "items" when value.ValueKind != JsonValueKind.Array && !schema.Element.TryGetProperty("prefixItems", out _):
                return [[Part(SchemaPartKind.ContainsNot)]];
            case "contains" when !schema.Element.TryGetProperty("minContains", out _) && !schema.Element.TryGetProperty("maxContains", out _):
                return [[Part(SchemaPartKind.ItemsNot)]];
            case "propertyNames" when value.ValueKind == JsonValueKind.False:
                return [[Part(SchemaPartKind.IsObject), new(Zero, place, SchemaPartKind.NotKeyword, "maxProperties")]];
            case "type" or "enum" or "const" or "minimum" or "maximum" or "exclusiveMinimum" or "exclusiveMaximum" or "multipleOf" or "minLength" or "maxLength"
                or "pattern" or "minItems" or "maxItems" or "minProperties" or "maxProperties":
                return [[Part(SchemaPartKind.NotKeyword, name)]];
            case "items" or "contains" or "prefixItems" or "additionalItems" or "minContains" or "maxContains" or "uniqueItems" or "additionalProperties" or "patternProperties" or "propertyNames"
                or "format" or "unevaluatedProperties" or "unevaluatedItems" or "$dynamicRef" or "$recursiveRef":
                throw new GrammarException($"{place}: the keyword '{name}' is not supported where it must not hold, in 'not' or in an 'if'.");
            default: return [];
        }
    }

    private static JsonElement Zero { get; } = JsonElement.Parse("0");

    private static IEnumerable<List<SchemaPart>> OneOf(List<SchemaPart> subs)
    {
        yield return subs.ConvertAll(Not);
        for (var i = 0; i < subs.Count; i++)
        {
            for (var j = 0; j < i; j++) yield return [subs[j], subs[i]];
        }
    }

    private static IEnumerable<List<SchemaPart>> Conditions(SchemaPart schema)
    {
        var condition = SchemaExpander.Sub(schema, "if");
        if (schema.Element.TryGetProperty("then", out _)) yield return [condition, Not(SchemaExpander.Sub(schema, "then"))];
        if (schema.Element.TryGetProperty("else", out _)) yield return [Not(condition), Not(SchemaExpander.Sub(schema, "else"))];
    }
}
