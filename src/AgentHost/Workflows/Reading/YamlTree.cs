using System.Buffers;
using AgentRuntime.AgentHost.Workflows.Model;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using Mark = AgentRuntime.AgentHost.Workflows.Model.Mark;

namespace AgentRuntime.AgentHost.Workflows.Reading;

/// <summary>
/// Builds the tree of a YAML file from the parser's events. The file is taken as hostile: anchors, aliases, tags and further
/// documents are refused, depth and number of nodes are bounded.
/// </summary>
internal sealed class YamlTree
{
    /// <summary>Deepest nesting.</summary>
    public const int MaxDepth = 32;

    /// <summary>Most scalars, lists and maps.</summary>
    public const int MaxNodes = 50_000;

    /// <summary>Control characters that no YAML file may have (YAML 1.2, section 5.1).</summary>
    private static readonly SearchValues<char> Forbidden = SearchValues.Create([.. Enumerable.Range(0, 32).Select(c => (char)c).Except(['\t', '\n', '\r']), '\u007F']);

    private const string Unreadable = "what follows cannot be read";

    private readonly string _text;
    private readonly ProblemList _problems;
    private readonly Parser _parser;
    private readonly Stack<Mark> _brackets = [];
    private int _nodes;

    private YamlTree(string text, ProblemList problems)
    {
        (_text, _problems) = (text, problems);
        _parser = new(new Scanner(new StringReader(text), skipComments: true));
    }

    /// <summary>Reads a file's only document; null, with a problem, when there is none or its syntax is wrong.</summary>
    public static SourceNode? Read(string text, ProblemList problems)
    {
        // Among them the scanner takes a U+0000 for the end of the file, and would read half of it.
        if (text.AsSpan().IndexOfAny(Forbidden) is var bad and >= 0)
        {
            var before = text.AsSpan(0, bad);
            problems.Add(new(before.Count('\n') + 1, bad - before.LastIndexOf('\n')), $"the control character U+{(int)text[bad]:X4} is not allowed in YAML; remove it");
            return null;
        }
        var tree = new YamlTree(text, problems);
        try
        {
            return tree.Document();
        }
        catch (YamlException e)
        {
            var mark = At(e.Start);
            if (e is Refusal) problems.Add(mark, e.Message);
            else if (TabNear(text, mark.Line, e.Message) is { } tab) problems.Add(tab, "a tab is used for indentation, which YAML does not allow; expected spaces");
            // The parser goes on to where it finds something that cannot be inside; the mistake is where it began.
            else if (tree._brackets.TryPeek(out var open) && (open.Line < mark.Line || e.Message == Unreadable))
                problems.Add(open, "this is not YAML: the bracket is not closed, or something inside it cannot be there; expected ',' or the closing bracket");
            else problems.Add(mark, Explain(text, mark, e.Message));
            return null;
        }
    }

    private SourceNode? Document()
    {
        Next();
        Next();
        if (_parser.Current is not DocumentStart)
        {
            _problems.Add(Mark.Start, "the file is empty; expected a workflow with version, name and steps");
            return null;
        }
        Next();
        var root = Node(1);
        Next();
        if (Next() && _parser.Current is DocumentStart second)
            _problems.Add(At(second.Start), "a second document begins here; expected one workflow in a file");
        return root;
    }

    private bool Next()
    {
        try
        {
            return _parser.MoveNext();
        }
        catch (Exception e) when (e is not YamlException)
        {
            // The scanner answers some malformed texts with whatever it stumbles over.
            var at = _parser.Current?.End ?? YamlDotNet.Core.Mark.Empty;
            throw new SyntaxErrorException(at, at, Unreadable);
        }
    }

    /// <summary>The node that begins with the current event; ends on its last event.</summary>
    private SourceNode Node(int depth)
    {
        var current = _parser.Current!;
        if (++_nodes > MaxNodes) throw Refuse(current, $"the file has more than {MaxNodes:N0} values; split it into workflows that call each other");
        if (depth > MaxDepth) throw Refuse(current, $"values are nested deeper than {MaxDepth} levels");
        if (current is AnchorAlias alias) throw Refuse(current, $"the alias '*{alias.Value}' is not allowed; write the value out");
        if (current is NodeEvent { Anchor.IsEmpty: false } anchored) throw Refuse(current, $"the anchor '&{anchored.Anchor}' is not allowed; write values out where they are used");
        if (current is NodeEvent { Tag.IsEmpty: false } tagged) throw Refuse(current, $"the tag '{tagged.Tag}' is not allowed; quote text, and write everything else as it is");
        switch (current)
        {
            case Scalar scalar:
                return new SourceScalar(scalar.Value, scalar.Style == ScalarStyle.Plain, Offset(scalar.Start), Offset(scalar.End), At(scalar.Start));
            case SequenceStart:
                List<SourceNode> items = [];
                if (current is SequenceStart { Style: SequenceStyle.Flow }) _brackets.Push(At(current.Start));
                while (Next() && _parser.Current is not SequenceEnd) items.Add(Node(depth + 1));
                if (current is SequenceStart { Style: SequenceStyle.Flow }) _brackets.Pop();
                return new SourceList(items, At(current.Start));
            case MappingStart:
                return Map(depth);
            default:
                throw Refuse(current, "expected a value here");
        }
    }

    private SourceMap Map(int depth)
    {
        var start = At(_parser.Current!.Start);
        var hasBracket = _parser.Current is MappingStart { Style: MappingStyle.Flow };
        if (hasBracket) _brackets.Push(start);
        List<SourceEntry> entries = [];
        Dictionary<string, Mark> names = new(StringComparer.Ordinal);
        while (Next() && _parser.Current is not MappingEnd)
        {
            var key = Node(depth + 1);
            Next();
            var value = Node(depth + 1);
            if (key is not SourceScalar { Text: { Length: > 0 } name }) _problems.Add(key.Mark, $"{key.Noun} is used as a key; expected a name before ':'");
            else if (names.TryGetValue(name, out var first)) _problems.Add(key.Mark, $"the key '{name}' is here twice; the first is in line {first.Line}");
            else entries.Add(new(name, key.Mark, value));
            if (key is SourceScalar { Text: { Length: > 0 } known }) names.TryAdd(known, key.Mark);
        }
        if (hasBracket) _brackets.Pop();
        return new(entries, start);
    }

    private static Refusal Refuse(ParsingEvent at, string message) => new(at, message);

    private static Mark At(YamlDotNet.Core.Mark mark) => new((int)Math.Max(1, mark.Line), (int)Math.Max(1, mark.Column));

    private int Offset(YamlDotNet.Core.Mark mark) => (int)Math.Clamp(mark.Index, 0, _text.Length);

    /// <summary>The place of a tab in the indentation of a line or of a neighbour: the parser complains of such lines in many ways.</summary>
    private static Mark? TabNear(string text, int line, string message)
    {
        var lines = text.Split('\n');
        // Where it knows that it is a tab, it does not tell where.
        var numbers = message.Contains("tab", StringComparison.Ordinal) ? Enumerable.Range(1, lines.Length) : [line - 1, line, line + 1];
        foreach (var number in numbers)
        {
            if (number < 1 || number > lines.Length) continue;
            var content = lines[number - 1];
            var indentation = content.AsSpan(0, content.Length - content.AsSpan().TrimStart(" \t").Length);
            if (indentation.IndexOf('\t') is var tab and >= 0) return new(number, tab + 1);
        }
        return null;
    }

    private static string Explain(string text, Mark mark, string message)
    {
        var sentence = "this is not YAML: " + message switch
        {
            _ when Has("invalid mapping") => "the text goes on to a ':', which it cannot have; expected a ':' at the end of the line above, or quotes around the text",
            _ when Has("expected key") => "the line does not begin in the column of those that it belongs to; expected a key there",
            _ when Has("quoted scalar") => "the text in quotes that begins here does not end before something that cannot be in it; expected a closing quote",
            _ => char.ToLowerInvariant(message[0]) + message[1..].TrimEnd('.'),
        };
        var lines = text.Split('\n');
        return mark.Line <= lines.Length && lines[mark.Line - 1].Contains("${{", StringComparison.Ordinal)
            ? sentence + "; quote a text that has ${{ }} together with ': ', ' #', or inside [ ] or { }"
            : sentence;

        bool Has(string part) => message.Contains(part, StringComparison.Ordinal);
    }

    /// <summary>Something that is YAML, but that a workflow may not have.</summary>
    private sealed class Refusal(ParsingEvent at, string message) : YamlException(at.Start, at.End, message);
}
