using System.Text;
using System.Text.RegularExpressions;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>Filters on text. Like Jinja's they take any value and work on what it prints as.</summary>
internal static partial class TextFilters
{
    public static readonly Dictionary<string, Filters.Filter> All = new()
    {
        ["capitalize"] = (_, value, _) => Text(PythonText.Capitalize(value.ToText())),
        ["center"] = (_, value, a) => Text(PythonText.Center(value.ToText(), Int(a.Bind("center", "width")[0], 80))),
        ["e"] = (_, value, _) => Escape(value),
        ["escape"] = (_, value, _) => Escape(value),
        ["forceescape"] = (_, value, _) => new StringValue(Html.Escape(value.ToText()), isSafe: true),
        ["format"] = (_, value, a) => Text(PrintfFormat.Apply(
            value.ToText(), a.Named.Count > 0 ? Globals.ToDict(a.Named) : new ListValue(a.Positional, SequenceKind.Tuple))),
        ["indent"] = (_, value, a) => Indent(Only(value, "indent"), a.Bind("indent", "width", "first", "blank")),
        ["lower"] = (_, value, _) => Text(value.ToText().ToLowerInvariant()),
        ["replace"] = (_, value, a) => Replace(value, a.Bind("replace", "old", "new", "count")),
        ["safe"] = (_, value, _) => new StringValue(value.ToText(), isSafe: true),
        ["string"] = (_, value, _) => value is StringValue ? value : Text(value.ToText()),
        ["striptags"] = (_, value, _) => Text(string.Join(' ', Tag().Replace(value.ToText(), "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))),
        ["title"] = (_, value, _) => Text(Title(value.ToText())),
        ["trim"] = (_, value, a) => Text(PythonText.Strip(value.ToText(), Chars(a.Bind("trim", "chars")[0]), atStart: true, atEnd: true)),
        ["truncate"] = (_, value, a) => Truncate(value, a.Bind("truncate", "length", "killwords", "end", "leeway")),
        ["upper"] = (_, value, _) => Text(value.ToText().ToUpperInvariant()),
        ["urlencode"] = (_, value, _) => Text(UrlEncode(value)),
        ["wordcount"] = (_, value, _) => new IntValue(Word().Count(value.ToText())),
    };

    /// <summary>An argument as text, or null where none or <c>None</c> was given.</summary>
    public static string? Chars(JinjaValue? value) => value is null or NoneValue ? null : value.ToText();

    /// <summary>An argument as a whole number.</summary>
    public static int Int(JinjaValue? value, int fallback) => value is null
        ? fallback
        : Numbers.AsIndex(value) ?? throw new JinjaError($"a whole number is needed, not '{value.TypeName}'");

    private static StringValue Text(string text) => new(text);

    // The few filters that do not turn other values into text first.
    private static string Only(JinjaValue value, string filter) =>
        value is StringValue text ? text.Value : throw new JinjaError($"'{filter}' needs a text, not '{value.TypeName}'");

    private static StringValue Escape(JinjaValue value) =>
        value is StringValue { IsSafe: true } safe ? safe : new(Html.Escape(value.ToText()), isSafe: true);

    private static StringValue Replace(JinjaValue value, JinjaValue?[] arguments)
    {
        if (arguments[0] is null || arguments[1] is null) throw new JinjaError("'replace' needs an old and a new text");
        return new(TextSearch.Replace(
            value.ToText(), arguments[0]!.ToText(), arguments[1]!.ToText(), arguments[2] is null or NoneValue ? -1 : Int(arguments[2], -1)));
    }

    private static StringValue Indent(string text, JinjaValue?[] arguments)
    {
        var indentation = arguments[0] is StringValue given ? given.Value : PythonText.Spaces(Int(arguments[0], 4));
        var (first, blank) = (arguments[1]?.IsTrue ?? false, arguments[2]?.IsTrue ?? false);
        var lines = PythonText.SplitLines(text + "\n", keepEnds: false);
        TemplateLimits.CheckText(text.Length + (long)lines.Count * (indentation.Length + 1));
        var output = new StringBuilder(first ? indentation : "");
        for (var i = 0; i < lines.Count; i++)
        {
            if (i > 0) output.Append('\n');
            if (i > 0 && (blank || lines[i].Length > 0)) output.Append(indentation);
            output.Append(lines[i]);
        }
        return new(output.ToString());
    }

    private static string Title(string text)
    {
        var output = new StringBuilder(text.Length);
        var starts = true;
        foreach (var c in text)
        {
            var separates = CodePoints.IsSpace(c) || c is '-' or '(' or '{' or '[' or '<';
            output.Append(separates ? c : starts ? char.ToUpperInvariant(c) : char.ToLowerInvariant(c));
            starts = separates;
        }
        return output.ToString();
    }

    private static JinjaValue Truncate(JinjaValue value, JinjaValue?[] arguments)
    {
        var (length, killWords, end) = (Int(arguments[0], 255), arguments[1]?.IsTrue ?? false, arguments[2]?.ToText() ?? "...");
        var leeway = arguments[3] is null or NoneValue ? 5 : Int(arguments[3], 5);
        var endLength = CodePoints.Count(end);
        if (length < endLength || leeway < 0) throw new JinjaError($"'truncate' needs a length of at least {endLength} and a leeway of at least 0");
        if (value.Length <= length + leeway) return value;
        var text = Only(value, "truncate");
        var kept = text[..CodePoints.Position(text, length - endLength)];
        var space = kept.LastIndexOf(' ');
        return new StringValue((killWords || space < 0 ? kept : kept[..space]) + end);
    }

    private static string UrlEncode(JinjaValue value)
    {
        if (value is StringValue or not (DictValue or ListValue)) return Quote(value.ToText(), isQuery: false);
        var pairs = value is DictValue dict ? dict.Pairs() : Access.Elements(value);
        return string.Join('&', pairs.Select(p => Access.Elements(p).ToArray())
            .Select(p => p.Length == 2 ? $"{Quote(p[0].ToText(), true)}={Quote(p[1].ToText(), true)}" : throw new JinjaError("'urlencode' needs pairs")));
    }

    private static string Quote(string text, bool isQuery)
    {
        var quoted = Uri.EscapeDataString(text);
        return isQuery ? quoted.Replace("%20", "+", StringComparison.Ordinal) : quoted.Replace("%2F", "/", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    [GeneratedRegex(@"<!--.*?-->|<[^>]*>", RegexOptions.Singleline)]
    private static partial Regex Tag();
}
