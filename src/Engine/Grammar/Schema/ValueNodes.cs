using System.Text;
using System.Text.Json;
using AgentRuntime.Engine.Grammar.Automata;
using AgentRuntime.Engine.Grammar.Matching;

namespace AgentRuntime.Engine.Grammar.Schema;

/// <summary>Makes the nodes of values from what schemas demand together.</summary>
/// <param name="nodeOf">The node of schemas that hold together.</param>
/// <param name="register">Takes note of a node that is new.</param>
/// <param name="isFixed">Whether whitespace is fixed.</param>
internal sealed class ValueNodes(Func<List<SchemaPart>, Node> nodeOf, Func<Node, Node> register, bool isFixed)
{
    private const int MaxDemands = 3, MaxProgresses = 64;

    /// <summary>Adds the values of every type that is allowed.</summary>
    /// <param name="node">Takes them.</param>
    /// <param name="schema">What is demanded.</param>
    /// <param name="parts">What it was merged from, for the place in errors.</param>
    public void Add(UnionNode node, MergedSchema schema, List<SchemaPart> parts)
    {
        var place = parts.Count > 0 ? parts[^1].Pointer : "#";
        var words = new[] { (JsonTypes.Null, "null"), (JsonTypes.Boolean, "true"), (JsonTypes.Boolean, "false") }
            .Where(word => schema.Types.HasFlag(word.Item1) && !schema.ExcludedWords.Contains(word.Item2)).Select(word => Encoding.UTF8.GetBytes(word.Item2)).ToList();
        if (words.Count > 0) AddLexeme(node, new LiteralAutomaton(words));
        if ((schema.Types & JsonTypes.Number) != 0) AddLexeme(node, Number(schema.Bounds, schema.Types & JsonTypes.Number));
        if (schema.Types.HasFlag(JsonTypes.String)) AddLexeme(node, schema.Text.Automaton());
        if (schema.Types.HasFlag(JsonTypes.Array)) node.Alternatives.Add(register(Array(schema)));
        if (schema.Types.HasFlag(JsonTypes.Object)) node.Alternatives.Add(register(Object(schema, place)));
    }

    /// <summary>Adds given values.</summary>
    public void AddConstants(UnionNode node, List<JsonElement> values)
    {
        var plain = values.Where(value => value.ValueKind is not (JsonValueKind.Array or JsonValueKind.Object)).Select(value => Encoding.UTF8.GetBytes(CanonicalJson.Write(value))).ToList();
        if (plain.Count > 0) AddLexeme(node, new LiteralAutomaton(plain));
        foreach (var value in values)
        {
            if (value.ValueKind == JsonValueKind.Array)
            {
                var items = value.EnumerateArray().Select(Constant).ToList();
                node.Alternatives.Add(register(new ArrayNode { Prefix = items, Items = Nothing(), Min = items.Count, Max = items.Count, IsFixed = isFixed }));
            }
            else if (value.ValueKind == JsonValueKind.Object)
            {
                // A name that is written twice means its last value.
                var written = value.EnumerateObject().Reverse().DistinctBy(member => member.Name).Reverse().ToList();
                var names = written.ConvertAll(member => member.Name);
                node.Alternatives.Add(register(Object(names, written.ConvertAll(member => Constant(member.Value)), [.. names], Nothing(), null, 0, int.MaxValue)));
            }
        }
    }

    private Node Constant(JsonElement value)
    {
        var node = new UnionNode();
        AddConstants(node, [value]);
        return register(node);
    }

    private Node Nothing() => register(new UnionNode());

    private void AddLexeme(UnionNode node, ByteAutomaton? automaton)
    {
        if (automaton is not null) node.Alternatives.Add(register(new LexemeNode(automaton)));
    }

    private static ByteAutomaton? Number(NumberBounds bounds, JsonTypes types)
    {
        var isInteger = types == JsonTypes.Integer;
        if (types == JsonTypes.Fraction) bounds = bounds.And(NumberBounds.None with { NotMultiples = [1] });
        if (isInteger && bounds.Multiple > 0) bounds = bounds.TimesOf(1);
        if (bounds.IsOpen && (isInteger || bounds.Multiple == 0)) return isInteger ? NumberAutomaton.Integer : NumberAutomaton.Number;
        var automaton = new BoundedNumberAutomaton(bounds, isInteger || (bounds.Multiple > 0 && bounds.Multiple == decimal.Truncate(bounds.Multiple)));
        return automaton.IsEmpty ? null : automaton;
    }

    private ArrayNode Array(MergedSchema schema)
    {
        var contains = schema.Contains.FindAll(demand => demand.Min > 0 || demand.Max < int.MaxValue);
        return new ArrayNode
        {
            Prefix = [.. Enumerable.Range(0, schema.PrefixLength).Select(i => nodeOf(schema.Item(i)))],
            Items = nodeOf(schema.Item(int.MaxValue)),
            Demands = contains.Count == 0 ? null : Demands(schema, contains),
            Min = schema.MinItems,
            Max = schema.MaxItems,
            IsFixed = isFixed,
        };
    }

    private ItemDemands Demands(MergedSchema schema, List<(SchemaPart Item, int Min, int Max)> contains)
    {
        var place = contains[0].Item.Pointer;
        if (schema.PrefixLength > 0) throw new GrammarException($"{place}: contains together with prefixItems is not supported.");
        if (contains.Count > MaxDemands || (contains.Count > 1 && contains.Exists(demand => demand.Max < int.MaxValue)))
            throw new GrammarException($"{place}: more than {MaxDemands} contains together, or several of them with maxContains, are not supported.");
        List<Node> items = [];
        for (var set = 0; set < 1 << contains.Count; set++)
        {
            List<SchemaPart> parts = [.. schema.Item(int.MaxValue)];
            for (var i = 0; i < contains.Count; i++)
            {
                var (item, _, max) = contains[i];
                if ((set >> i & 1) != 0) parts.Add(item);
                else if (max < int.MaxValue) parts.Add(item with { Kind = item.Kind == SchemaPartKind.Not ? SchemaPartKind.Whole : SchemaPartKind.Not });
            }
            items.Add(nodeOf(parts));
        }
        if (contains.Exists(demand => Math.Max(demand.Min, demand.Max == int.MaxValue ? 0 : demand.Max) >= MaxProgresses)) throw new GrammarException($"{place}: counts of contains from {MaxProgresses} on are not supported.");
        var demands = new ItemDemands(contains.ConvertAll(demand => (demand.Min, demand.Max)), items);
        return demands.States <= MaxProgresses ? demands : throw new GrammarException($"{place}: the counts of contains are too large together.");
    }

    private ObjectNode Object(MergedSchema schema, string place)
    {
        var patterns = schema.Patterns;
        OtherNames? patterned = null;
        if (patterns.Count > 0 || !schema.PropertyNames.IsFree)
        {
            var product = schema.PropertyNames.Product(patterns, schema.Names);
            patterned = new OtherNames(product, OtherNames.Labels(product).ToDictionary(label => label, label => nodeOf(schema.Property(label))));
        }
        var others = patterned is null ? nodeOf(schema.Property(0)) : Nothing();
        if (schema.Names.Count > 2000) throw new GrammarException($"{place}: more than 2000 properties are not supported.");
        return Object(schema.Names, schema.Names.ConvertAll(name => nodeOf(schema.Property(name))), schema.Required, others, patterned, schema.MinProperties, schema.MaxProperties);
    }

    private ObjectNode Object(List<string> names, List<Node> values, HashSet<string> required, Node others, OtherNames? patterned, int min, int max) => new()
    {
        Names = names.ConvertAll(name => Encoding.UTF8.GetBytes(CanonicalJson.Quote(name))),
        Values = values,
        Required = Enumerable.Range(0, names.Count).Where(i => required.Contains(names[i])).ToHashSet(),
        Others = others,
        Patterned = patterned,
        Min = min,
        Max = max,
        IsFixed = isFixed,
    };
}
