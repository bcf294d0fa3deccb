using System.Text;
using System.Text.Json;
using AgentRuntime.Engine.Grammar.Automata;
using AgentRuntime.Engine.Grammar.Matching;

namespace AgentRuntime.Engine.Grammar.Schema;

/// <summary>
/// Compiles a JSON schema. A node stands for a set of schemas that a value must satisfy together, which makes allOf and
/// siblings of $ref one merge, and recursion a node that is found again.
/// </summary>
internal sealed class SchemaCompiler
{
    private const int MaxDepth = 128, MaxNodes = 4000, MaxParts = 30_000, MaxAlternatives = 400, MaxNesting = 8;

    private readonly JsonElement _root;
    private readonly bool _fixed;
    private readonly int _nesting;
    private readonly Dictionary<string, UnionNode> _known = new(StringComparer.Ordinal);
    private readonly Queue<(UnionNode Node, List<SchemaPart> Parts)> _work = [];
    private readonly List<Node> _nodes = [];
    private readonly List<(Node Both, string Pointer)> _mustDiffer = [];
    private int _parts;

    private SchemaCompiler(JsonElement root, bool whitespaceIsFixed, int nesting) => (_root, _fixed, _nesting) = (root, whitespaceIsFixed, nesting);

    /// <exception cref="GrammarException">The schema is none, contradicts itself, or needs what is not supported.</exception>
    public static RootNode Compile(string schema, JsonWhitespace whitespace = JsonWhitespace.Free)
    {
        try
        {
            using var document = JsonDocument.Parse(schema, new JsonDocumentOptions { MaxDepth = MaxDepth });
            return Compile(document.RootElement, [new(document.RootElement, "#", SchemaPartKind.Whole)], whitespace == JsonWhitespace.Fixed, 0)
                ?? throw new GrammarException("#: nothing satisfies the schema: it contradicts itself or recurses without end.");
        }
        catch (JsonException e)
        {
            throw new GrammarException($"The schema is not JSON of at most {MaxDepth} levels: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.");
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate is JSON by its grammar, but no text.
            throw new GrammarException("The schema holds a string that is not valid text.");
        }
        catch (OverflowException)
        {
            throw new GrammarException("The schema holds numbers that are too large together.");
        }
    }

    private static RootNode? Compile(JsonElement root, List<SchemaPart> parts, bool whitespaceIsFixed, int nesting)
    {
        if (nesting > MaxNesting) throw new GrammarException($"{parts[0].Pointer}: listed values are nested too deeply in schemas.");
        var compiler = new SchemaCompiler(root, whitespaceIsFixed, nesting);
        var value = compiler.NodeOf(parts);
        while (compiler._work.TryDequeue(out var work)) compiler.Build(work.Node, work.Parts);
        Productivity.Apply(compiler._nodes);
        foreach (var (both, pointer) in compiler._mustDiffer)
        {
            if (both.IsPossible) throw new GrammarException($"{pointer}: this alternative and another of its oneOf may hold together, which is not supported; use anyOf, or tell them apart by a required constant.");
        }
        return value.IsPossible ? new RootNode(value) : null;
    }

    private UnionNode NodeOf(List<SchemaPart> parts)
    {
        var key = string.Join('\n', parts.Select(part => part.Key).Distinct().Order(StringComparer.Ordinal));
        if (_known.TryGetValue(key, out var node)) return node;
        _parts += parts.Count;
        if (_nodes.Count >= MaxNodes || _parts > MaxParts) throw new GrammarException($"{(parts.Count > 0 ? parts[^1].Pointer : "#")}: the schema is too large or combines too many alternatives.");
        _known[key] = node = Register(new UnionNode());
        _work.Enqueue((node, parts));
        return node;
    }

    private T Register<T>(T node) where T : Node
    {
        _nodes.Add(node);
        return node;
    }

    private void Build(UnionNode node, List<SchemaPart> parts)
    {
        if (Expand(parts) is not { } expanded) return;
        var group = expanded.Find(part => part.Kind is SchemaPartKind.AnyOf or SchemaPartKind.OneOf);
        if (group is null)
        {
            AddValues(node, expanded);
            return;
        }
        var rest = expanded.Where(part => part != group).ToList();
        var keyword = group.Kind == SchemaPartKind.AnyOf ? "anyOf" : "oneOf";
        var place = group.Pointer + "/" + keyword;
        var choices = SchemaReader.Array(group.Element.GetProperty(keyword), place).Select((choice, i) => new SchemaPart(choice, $"{place}/{i}", SchemaPartKind.Whole)).ToList();
        if (choices.Count > MaxAlternatives) throw new GrammarException($"{place}: more than {MaxAlternatives} alternatives are not supported.");
        node.Alternatives.AddRange(choices.Select(choice => NodeOf([.. rest, choice])));
        if (group.Kind == SchemaPartKind.AnyOf) return;
        for (var i = 0; i < choices.Count; i++)
        {
            for (var j = 0; j < i; j++) _mustDiffer.Add((NodeOf([.. rest, choices[i], choices[j]]), choices[i].Pointer));
        }
    }

    /// <summary>Follows references and allOf; null when nothing can satisfy the schemas.</summary>
    private List<SchemaPart>? Expand(List<SchemaPart> parts)
    {
        List<SchemaPart> result = [];
        HashSet<string> seen = new(StringComparer.Ordinal);
        var work = new Stack<SchemaPart>(Enumerable.Reverse(parts));
        while (work.TryPop(out var part))
        {
            if (!seen.Add(part.Key)) continue;
            var (schema, pointer) = (part.Element, part.Pointer);
            if (part.Kind != SchemaPartKind.Whole)
            {
                result.Add(part);
                continue;
            }
            if (schema.ValueKind == JsonValueKind.True) continue;
            if (schema.ValueKind == JsonValueKind.False) return null;
            if (schema.ValueKind != JsonValueKind.Object) throw new GrammarException($"{pointer}: a schema is expected: an object, true or false.");
            if (pointer != "#" && schema.TryGetProperty("$id", out _)) throw new GrammarException($"{pointer}/$id: schemas within a schema are not supported.");
            work.Push(part with { Kind = SchemaPartKind.Own });
            if (schema.TryGetProperty("$ref", out var reference))
            {
                var target = SchemaReader.Resolve(_root, SchemaReader.Text(reference, pointer + "/$ref"), pointer);
                if (target.Pointer == pointer) throw new GrammarException($"{pointer}/$ref: the schema refers to itself.");
                work.Push(target);
            }
            if (schema.TryGetProperty("allOf", out var all))
            {
                foreach (var (sub, i) in SchemaReader.Array(all, pointer + "/allOf").Select((sub, i) => (sub, i))) work.Push(new(sub, $"{pointer}/allOf/{i}", SchemaPartKind.Whole));
            }
            if (schema.TryGetProperty("anyOf", out _)) work.Push(part with { Kind = SchemaPartKind.AnyOf });
            if (schema.TryGetProperty("oneOf", out _)) work.Push(part with { Kind = SchemaPartKind.OneOf });
        }
        return result;
    }

    private void AddValues(UnionNode node, List<SchemaPart> parts)
    {
        var schema = new MergedSchema(parts);
        if (schema.Values is { } values)
        {
            AddListed(node, schema, values.Values, parts);
            return;
        }
        void Add(Node alternative) => node.Alternatives.Add(Register(alternative));
        var words = new[] { (JsonTypes.Null, "null"), (JsonTypes.Boolean, "true"), (JsonTypes.Boolean, "false") }
            .Where(word => schema.Types.HasFlag(word.Item1)).Select(word => Encoding.UTF8.GetBytes(word.Item2)).ToList();
        if (words.Count > 0) Add(new LexemeNode(new LiteralAutomaton(words)));
        if (schema.Types.HasFlag(JsonTypes.Integer) && LexemeOf(schema.Bounds, !schema.Types.HasFlag(JsonTypes.Fraction)) is { } number) Add(new LexemeNode(number));
        if (schema.Types.HasFlag(JsonTypes.String) && LexemeOf(schema) is { } text) Add(new LexemeNode(text));
        if (schema.Types.HasFlag(JsonTypes.Array))
        {
            Add(new ArrayNode
            {
                Prefix = [.. Enumerable.Range(0, schema.PrefixLength).Select(i => NodeOf(schema.Item(i)))],
                Items = NodeOf(schema.Item(int.MaxValue)),
                Min = schema.MinItems,
                Max = schema.MaxItems,
                IsFixed = _fixed,
            });
        }
        if (schema.Types.HasFlag(JsonTypes.Object))
        {
            Add(Object(
                schema.Names, schema.Names.ConvertAll(name => (Node)NodeOf(schema.Property(name))), schema.Required, NodeOf(schema.Property(null)),
                schema.MinProperties, schema.MaxProperties));
        }
    }

    private ObjectNode Object(List<string> names, List<Node> values, HashSet<string> required, Node others, int min, int max) => new()
    {
        Names = names.ConvertAll(name => Encoding.UTF8.GetBytes(CanonicalJson.Quote(name))),
        Values = values,
        Required = Enumerable.Range(0, names.Count).Where(i => required.Contains(names[i])).ToHashSet(),
        Others = others,
        Min = min,
        Max = max,
        IsFixed = _fixed,
    };

    private static ByteAutomaton? LexemeOf(NumberBounds bounds, bool integer)
    {
        if (bounds.IsOpen && (integer || bounds.Multiple == 0)) return integer ? NumberAutomaton.Integer : NumberAutomaton.Number;
        var automaton = new BoundedNumberAutomaton(bounds, integer || bounds.Multiple > 0);
        return automaton.IsEmpty ? null : automaton;
    }

    private static ByteAutomaton? LexemeOf(MergedSchema schema)
    {
        var counted = schema.MinLength > 0 || schema.MaxLength < int.MaxValue;
        if (schema.MinLength > schema.MaxLength) return null;
        if (schema.Patterns.Count == 0) return counted ? new LengthAutomaton(schema.MinLength, schema.MaxLength) : JsonStringAutomaton.Free;
        var (pattern, place) = schema.Patterns.First();
        if (schema.Patterns.Count > 1 || counted) throw new GrammarException($"{place}: a pattern or format together with another or with a length is not supported; put both in one pattern.");
        var matcher = PatternParser.Parse(pattern, place, whole: false);
        return matcher.Start < 0 ? null : new PatternAutomaton(matcher, raw: false);
    }

    /// <summary>Adds the listed values that satisfy the other keywords.</summary>
    private void AddListed(UnionNode node, MergedSchema schema, IEnumerable<JsonElement> values, List<SchemaPart> parts)
    {
        var fitting = values.Where(value => schema.Types.HasFlag(TypeOf(value))).ToList();
        if (schema.IsRestricted && fitting.Count > 0)
        {
            var rest = Compile(_root, parts.ConvertAll(Unlisted), whitespaceIsFixed: false, _nesting + 1);
            var space = rest is null ? null : new StateSpace(rest);
            fitting.RemoveAll(value => space is null || !Accepts(space, CanonicalJson.Write(value)));
        }
        AddConstants(node, fitting);
    }

    private static SchemaPart Unlisted(SchemaPart part)
    {
        var keywords = part.Element.EnumerateObject().Where(keyword => keyword.Name is not ("enum" or "const")).DistinctBy(keyword => keyword.Name).ToDictionary(keyword => keyword.Name, keyword => keyword.Value);
        return part with { Element = JsonSerializer.SerializeToElement(keywords) };
    }

    private static bool Accepts(StateSpace space, string text)
    {
        MatchState? state = space.Start;
        foreach (var value in Encoding.UTF8.GetBytes(text)) state = state is null ? null : space.Step(state, value);
        return state is { MayEnd: true };
    }

    private void AddConstants(UnionNode node, List<JsonElement> values)
    {
        var plain = values.Where(value => value.ValueKind is not (JsonValueKind.Array or JsonValueKind.Object)).Select(value => Encoding.UTF8.GetBytes(CanonicalJson.Write(value))).ToList();
        if (plain.Count > 0) node.Alternatives.Add(Register(new LexemeNode(new LiteralAutomaton(plain))));
        foreach (var value in values)
        {
            if (value.ValueKind == JsonValueKind.Array)
            {
                var items = value.EnumerateArray().Select(Constant).ToList();
                node.Alternatives.Add(Register(new ArrayNode { Prefix = items, Items = Register(new UnionNode()), Min = items.Count, Max = items.Count, IsFixed = _fixed }));
            }
            else if (value.ValueKind == JsonValueKind.Object)
            {
                // A name that is written twice means its last value.
                var written = value.EnumerateObject().Reverse().DistinctBy(member => member.Name).Reverse().ToList();
                var names = written.ConvertAll(member => member.Name);
                var members = written.ConvertAll(member => Constant(member.Value));
                node.Alternatives.Add(Register(Object(names, members, [.. names], Register(new UnionNode()), 0, int.MaxValue)));
            }
        }
    }

    private Node Constant(JsonElement value)
    {
        var node = Register(new UnionNode());
        AddConstants(node, [value]);
        return node;
    }

    private static JsonTypes TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => JsonTypes.Null,
        JsonValueKind.True or JsonValueKind.False => JsonTypes.Boolean,
        JsonValueKind.Number => CanonicalJson.Number(value).AsSpan().IndexOfAny('.', 'e', 'E') < 0 ? JsonTypes.Integer : JsonTypes.Fraction,
        JsonValueKind.String => JsonTypes.String,
        JsonValueKind.Array => JsonTypes.Array,
        _ => JsonTypes.Object,
    };
}
