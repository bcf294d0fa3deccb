using System.Text.Json;

namespace AgentRuntime.Engine.Grammar.Schema;

/// <summary>Takes schemas apart: references and allOf are followed, what leaves a choice becomes alternatives.</summary>
internal sealed class SchemaExpander(JsonElement root)
{
    /// <summary>The parts that must hold together; null when nothing can satisfy them.</summary>
    /// <param name="parts">What is taken apart.</param>
    /// <param name="keepsNot">Whether what must not hold stays as it is.</param>
    public List<SchemaPart>? Expand(List<SchemaPart> parts, bool keepsNot = false)
    {
        List<SchemaPart> result = [];
        HashSet<string> seen = new(StringComparer.Ordinal);
        var work = new Stack<Step>(Enumerable.Reverse(parts).Select(part => new Step(part, null)));
        while (work.TryPop(out var step))
        {
            var part = step.Part;
            if (!seen.Add(part.Key))
            {
                for (var from = step.From; from is not null; from = from.From)
                {
                    if (from.Part.Key == part.Key) throw new GrammarException($"{part.Pointer}: the schema refers to itself without end.");
                }
                continue;
            }
            if (part.Kind == SchemaPartKind.Not && !keepsNot)
            {
                var alternatives = new SchemaNegation(root).Alternatives(part);
                if (alternatives.Count == 0) return null;
                if (alternatives.Count > 1) result.Add(part);
                else foreach (var only in alternatives[0]) work.Push(new(only, step));
                continue;
            }
            if (part.Kind != SchemaPartKind.Whole)
            {
                result.Add(part);
                continue;
            }
            if (part.Element.ValueKind == JsonValueKind.True) continue;
            if (part.Element.ValueKind == JsonValueKind.False) return null;
            foreach (var below in Parts(part)) work.Push(new(below, step));
        }
        return result;
    }

    /// <summary>Whether a part stands for alternatives.</summary>
    public static bool IsChoice(SchemaPart part) =>
        part.Kind is SchemaPartKind.AnyOf or SchemaPartKind.OneOf or SchemaPartKind.If or SchemaPartKind.Not or SchemaPartKind.Dependency;

    /// <summary>The alternatives of a choice, each a list of parts that hold together.</summary>
    public List<List<SchemaPart>> Alternatives(SchemaPart part)
    {
        switch (part.Kind)
        {
            case SchemaPartKind.AnyOf: return [.. Subs(part, "anyOf").Select(sub => new List<SchemaPart> { sub })];
            case SchemaPartKind.OneOf: return [.. Subs(part, "oneOf").Select(sub => new List<SchemaPart> { sub })];
            case SchemaPartKind.Not: return new SchemaNegation(root).Alternatives(part);
            case SchemaPartKind.If:
                var condition = Sub(part, "if");
                List<SchemaPart> holds = [condition], fails = [condition with { Kind = SchemaPartKind.Not }];
                if (part.Element.TryGetProperty("then", out _)) holds.Add(Sub(part, "then"));
                if (part.Element.TryGetProperty("else", out _)) fails.Add(Sub(part, "else"));
                return [holds, fails];
            default:
                return [[part with { Kind = SchemaPartKind.Absent }], [part with { Kind = SchemaPartKind.Present }, .. Needs(part)]];
        }
    }

    /// <summary>What the property of a dependency brings with it.</summary>
    public static IEnumerable<SchemaPart> Needs(SchemaPart dependency) => dependency.Element.ValueKind == JsonValueKind.Array
        ? SchemaReader.Array(dependency.Element, dependency.Pointer).Select(name => dependency with { Kind = SchemaPartKind.Present, Name = SchemaReader.Text(name, dependency.Pointer) })
        : [dependency with { Kind = SchemaPartKind.Whole, Name = "" }];

    /// <summary>A schema below a keyword.</summary>
    public static SchemaPart Sub(SchemaPart part, string keyword) => new(part.Element.GetProperty(keyword), $"{part.Pointer}/{keyword}", SchemaPartKind.Whole);

    /// <summary>The schemas in a keyword's list.</summary>
    public static List<SchemaPart> Subs(SchemaPart part, string keyword) =>
        [.. SchemaReader.Array(part.Element.GetProperty(keyword), $"{part.Pointer}/{keyword}").Select((sub, i) => new SchemaPart(sub, $"{part.Pointer}/{keyword}/{i}", SchemaPartKind.Whole))];

    /// <summary>The dependencies that a keyword lists.</summary>
    public static IEnumerable<SchemaPart> Dependencies(SchemaPart part, string keyword) =>
        SchemaReader.Object(part.Element.GetProperty(keyword), $"{part.Pointer}/{keyword}")
            .Select(entry => new SchemaPart(entry.Value, $"{part.Pointer}/{keyword}/{SchemaReader.Escape(entry.Name)}", SchemaPartKind.Dependency, entry.Name));

    /// <summary>The names of keywords that list dependencies.</summary>
    public static readonly string[] DependencyKeywords = ["dependencies", "dependentRequired", "dependentSchemas"];

    /// <summary>The keywords of a schema, the last first.</summary>
    private IEnumerable<SchemaPart> Parts(SchemaPart part)
    {
        var (schema, pointer) = (part.Element, part.Pointer);
        if (schema.ValueKind != JsonValueKind.Object) throw new GrammarException($"{pointer}: a schema is expected: an object, true or false.");
        if (pointer != "#" && schema.TryGetProperty("$id", out _)) throw new GrammarException($"{pointer}/$id: schemas within a schema are not supported.");
        yield return part with { Kind = SchemaPartKind.Own };
        if (schema.TryGetProperty("$ref", out var reference))
        {
            var target = SchemaReader.Resolve(root, SchemaReader.Text(reference, pointer + "/$ref"), pointer);
            yield return target.Pointer != pointer ? target : throw new GrammarException($"{pointer}/$ref: the schema refers to itself.");
        }
        if (schema.TryGetProperty("allOf", out _))
        {
            foreach (var sub in Subs(part, "allOf")) yield return sub;
        }
        if (schema.TryGetProperty("not", out _)) yield return Sub(part, "not") with { Kind = SchemaPartKind.Not };
        if (schema.TryGetProperty("anyOf", out _)) yield return part with { Kind = SchemaPartKind.AnyOf };
        if (schema.TryGetProperty("oneOf", out _)) yield return part with { Kind = SchemaPartKind.OneOf };
        if (schema.TryGetProperty("if", out _)) yield return part with { Kind = SchemaPartKind.If };
        foreach (var keyword in DependencyKeywords)
        {
            if (!schema.TryGetProperty(keyword, out _)) continue;
            foreach (var dependency in Dependencies(part, keyword)) yield return dependency;
        }
    }

    /// <summary>A part, and the one in which it was found.</summary>
    private sealed record Step(SchemaPart Part, Step? From);
}
