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
    private const int MaxDepth = 128, MaxNodes = 4000, MaxParts = 30_000, MaxAlternatives = 400;

    private readonly SchemaExpander _expander;
    private readonly SchemaEvaluator _evaluator;
    private readonly ValueNodes _values;
    private readonly PatternCache _patterns = new();
    private readonly HashSet<string> _exact;
    private readonly Dictionary<string, UnionNode> _known = new(StringComparer.Ordinal);
    private readonly Queue<(UnionNode Node, List<SchemaPart> Parts)> _work = [];
    private readonly List<Node> _nodes = [];
    private readonly List<(Node Both, SchemaPart Group, string Pointer)> _mustDiffer = [];
    private int _parts;

    private SchemaCompiler(JsonElement root, bool whitespaceIsFixed, HashSet<string> exact)
    {
        (_expander, _evaluator, _exact) = (new(root), new(root), exact);
        _values = new ValueNodes(NodeOf, Register, whitespaceIsFixed);
    }

    /// <exception cref="GrammarException">The schema is none, contradicts itself, or needs what is not supported.</exception>
    public static RootNode Compile(string schema, JsonWhitespace whitespace = JsonWhitespace.Free)
    {
        try
        {
            using var document = JsonDocument.Parse(schema, new JsonDocumentOptions { MaxDepth = MaxDepth });
            return Compile(document.RootElement, whitespace == JsonWhitespace.Fixed)
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

    private static RootNode? Compile(JsonElement root, bool whitespaceIsFixed)
    {
        HashSet<string> exact = new(StringComparer.Ordinal);
        string? overlap = null;
        while (true)
        {
            var compiler = new SchemaCompiler(root, whitespaceIsFixed, exact);
            UnionNode value;
            try
            {
                value = compiler.NodeOf([new(root, "#", SchemaPartKind.Whole)]);
                while (compiler._work.TryDequeue(out var work)) compiler.Build(work.Node, work.Parts);
            }
            catch (GrammarException) when (overlap is not null)
            {
                throw new GrammarException($"{overlap}: this alternative and another of its oneOf may hold together, which is not supported here; use anyOf, or tell them apart by a required constant.");
            }
            Productivity.Apply(compiler._nodes);
            var overlapping = compiler._mustDiffer.FindAll(pair => pair.Both.IsPossible);
            if (overlapping.Count == 0) return value.IsPossible ? new RootNode(value) : null;
            // Alternatives that may hold together: again, with each of them holding while the others do not.
            overlap = overlapping[0].Pointer;
            foreach (var pair in overlapping) exact.Add(pair.Group.Key);
        }
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

    private Node Register(Node node) => Register<Node>(node);

    private void Build(UnionNode node, List<SchemaPart> parts)
    {
        if (_expander.Expand(parts, keepsNot: true) is not { } whole) return;
        if (Listed(whole) is { } values)
        {
            _values.AddConstants(node, values);
            return;
        }
        if (_expander.Expand(whole) is not { } expanded) return;
        var group = expanded.Find(SchemaExpander.IsChoice);
        if (group is null)
        {
            _values.Add(node, new MergedSchema(expanded, _expander, _patterns), expanded);
            return;
        }
        var rest = expanded.Where(part => part != group).ToList();
        var choices = _expander.Alternatives(group);
        if (choices.Count > MaxAlternatives) throw new GrammarException($"{group.Pointer}: more than {MaxAlternatives} alternatives are not supported.");
        if (group.Kind == SchemaPartKind.OneOf) AddOneOf(node, group, rest, choices);
        else node.Alternatives.AddRange(choices.Select(choice => NodeOf([.. rest, .. choice])));
    }

    private void AddOneOf(UnionNode node, SchemaPart group, List<SchemaPart> rest, List<List<SchemaPart>> choices)
    {
        if (_exact.Contains(group.Key))
        {
            foreach (var choice in choices) node.Alternatives.Add(NodeOf([.. rest, .. choice, .. choices.Where(other => other != choice).Select(other => other[0] with { Kind = SchemaPartKind.Not })]));
            return;
        }
        node.Alternatives.AddRange(choices.Select(choice => NodeOf([.. rest, .. choice])));
        for (var i = 0; i < choices.Count; i++)
        {
            for (var j = 0; j < i; j++) _mustDiffer.Add((NodeOf([.. rest, .. choices[i], .. choices[j]]), group, choices[i][0].Pointer));
        }
    }

    /// <summary>Where values are listed, those that satisfy everything; otherwise null.</summary>
    private List<JsonElement>? Listed(List<SchemaPart> parts)
    {
        foreach (var part in parts.Where(part => part.Kind == SchemaPartKind.Own))
        {
            IEnumerable<JsonElement> values;
            if (part.Element.TryGetProperty("const", out var only)) values = [only];
            else if (part.Element.TryGetProperty("enum", out var list)) values = SchemaReader.Array(list, part.Pointer + "/enum");
            else continue;
            return [.. values.Where(value => parts.TrueForAll(other => _evaluator.Holds(other, value))).DistinctBy(value => CanonicalJson.Write(value, sort: true))];
        }
        return null;
    }
}
