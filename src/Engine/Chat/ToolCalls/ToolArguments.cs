using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using AgentRuntime.Engine.Grammar;
using AgentRuntime.Engine.Grammar.Automata;
using AgentRuntime.Engine.Grammar.Matching;
using AgentRuntime.Engine.Grammar.Schema;
using AgentRuntime.Engine.Tokenization;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>Makes the grammar of a tool's arguments, as a family writes them.</summary>
internal sealed class ToolArguments(IToolCallFormat format, Tokenizer tokenizer, ToolCallGrammarOptions options)
{
    // Free texts of a family keep their masks with the vocabulary.
    private static readonly ConditionalWeakTable<Tokenizer, ConcurrentDictionary<string, TaggedTextEnd>> Ends = [];

    /// <exception cref="GrammarException">The tool's schema or name cannot be held to; the message names the tool and the place.</exception>
    public Node Compile(AIFunctionDeclaration tool)
    {
        RequireName(tool.Name);
        Node value;
        try
        {
            value = SchemaCompiler.Compile(ToolSchemaText.Closed(tool.JsonSchema), options.Whitespace).Value;
        }
        catch (GrammarException) when (options.LoosenUnsupportedSchemas)
        {
            value = SchemaCompiler.Compile(ToolSchemaText.NamesOnly(tool.JsonSchema), options.Whitespace).Value;
        }
        catch (GrammarException error)
        {
            throw new GrammarException($"The parameters of the tool {tool.Name} cannot be held to: {error.Message} Leave that out of the schema, or let unsupported schemas be loosened.");
        }
        if (format.Shape.JsonArguments)
        {
            foreach (var node in Parts<ObjectNode>(value))
            {
                node.Values = [.. node.Values.Select((part, i) => Parameter(tool.Name, Name(node, i), part))];
                node.Needs = Needs(tool, node);
            }
            return value;
        }
        if (format is not TaggedToolCallFormat tagged) throw new GrammarException($"The tool-call format {format.Name} cannot be held to: it says not how it writes arguments.");
        return Union(Parts<ObjectNode>(value).Select(node => Tagged(tool, tagged, node)));
    }

    /// <summary>The nodes of a kind that a value may be.</summary>
    private static List<T> Parts<T>(Node value) where T : Node
    {
        List<T> parts = [];
        HashSet<Node> seen = [];
        var work = new Stack<Node>([value]);
        while (work.TryPop(out var node))
        {
            if (!seen.Add(node)) continue;
            if (node is T part) parts.Add(part);
            foreach (var alternative in (node as UnionNode)?.Alternatives ?? []) work.Push(alternative);
        }
        return parts;
    }

    /// <summary>Which parameters must be written before others, because what exists depends on them.</summary>
    private List<IReadOnlyList<int>>? Needs(AIFunctionDeclaration tool, ObjectNode node)
    {
        if (options.Grounding is not { } grounding) return null;
        var names = Enumerable.Range(0, node.Names.Count).Select(i => Name(node, i)).ToList();
        return names.ConvertAll(name => (IReadOnlyList<int>)[.. grounding.Needs(tool.Name, name).Select(need => names.IndexOf(need)).Where(index => index >= 0)]);
    }

    private static string Name(ObjectNode node, int property) => JsonSerializer.Deserialize<string>(node.Names[property])!;

    private static ParameterNode Parameter(string tool, string name, Node value) => new(tool, name, value) { IsPossible = value.IsPossible };

    private static UnionNode Union(IEnumerable<Node> alternatives)
    {
        var union = new UnionNode();
        union.Alternatives.AddRange(alternatives.Where(alternative => alternative.IsPossible));
        union.IsPossible = union.Alternatives.Count > 0;
        return union;
    }

    private TaggedArgumentsNode Tagged(AIFunctionDeclaration tool, TaggedToolCallFormat family, ObjectNode node)
    {
        var names = Enumerable.Range(0, node.Values.Count).Select(i => Name(node, i)).ToList();
        var schemas = new ToolSchemas([tool]);
        foreach (var name in names) RequireKey(tool.Name, name, family);
        var arguments = new TaggedArgumentsNode
        {
            Tags = names.ConvertAll(name => ControlBytes.Encode(tokenizer, family.Tags.BeforeKey + name + family.AfterKey)),
            Values = names.Select((name, i) => (Node)Tagged(tool, family, schemas, name, node.Values[i])).ToList(),
            Required = node.Required,
            Needs = Needs(tool, node),
            Min = node.Min,
            Max = node.Max,
        };
        arguments.IsPossible = arguments.Check();
        if (!arguments.IsPossible) throw new GrammarException($"The parameters of the tool {tool.Name} cannot be held to: nothing that stands between the tags of {family.Name} satisfies the schema.");
        return arguments;
    }

    // A text stands as it is, anything else as JSON: as the parser reads it.
    private ParameterNode Tagged(AIFunctionDeclaration tool, TaggedToolCallFormat family, ToolSchemas schemas, string name, Node value)
    {
        var lineEnd = family.Tags.TrimsLineEnds ? "\n" : "";
        var closing = ControlBytes.Encode(tokenizer, lineEnd + family.Tags.AfterValue + family.ArgumentSeparator);
        if (schemas.IsText(tool.Name, name) != true)
            return new(tool.Name, name, value, close: new LiteralAutomaton([closing])) { IsPossible = value.IsPossible };
        var tag = family.Tags.AfterValue;
        ToolSchemaText.RefuseListed(tool, name, tag);
        var end = Ends.GetOrCreateValue(tokenizer).GetOrAdd(family.Name, _ => new(
            ControlBytes.Encode(tokenizer, tag), Encoding.UTF8.GetBytes(tag), family.Tags.TrimsLineEnds, Encoding.UTF8.GetBytes(family.ArgumentSeparator)));
        var texts = Parts<LexemeNode>(value)
            .Select(text => text.Automaton is JsonStringAutomaton ? end.Free : new TaggedTextAutomaton(text.Automaton, end))
            .Where(text => text.IsPossible);
        var union = Union(texts.Select(text => new LexemeNode(text) { IsPossible = true }));
        return new(tool.Name, name, union, isRaw: true) { IsPossible = union.IsPossible };
    }

    /// <summary>Refuses a name that the family's parser would read differently.</summary>
    private void RequireName(string name)
    {
        var parser = format.CreateParser();
        var parts = parser.Push(format.Write([new FunctionCallContent("", name)])).Concat(parser.Finish());
        if (parts.FirstOrDefault(part => part.Call is not null) is not { Kind: ReplyPartKind.CallReady, Call: { } call } || call.Name != name || name.Any(char.IsControl))
            throw new GrammarException($"The name of the tool '{name}' cannot be written in calls of the format {format.Name}; use letters, digits, _ and -.");
    }

    private static void RequireKey(string tool, string name, TaggedToolCallFormat family)
    {
        if (name.Length == 0 || name != name.Trim() || name.IndexOfAny(['<', '>', '\n', '\r']) >= 0)
            throw new GrammarException($"The parameter '{name}' of the tool {tool} cannot be written between the tags of {family.Name}; use letters, digits, _ and -.");
    }
}
