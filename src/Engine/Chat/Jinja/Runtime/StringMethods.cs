using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>The methods of Python's <c>str</c>.</summary>
internal static class StringMethods
{
    private delegate JinjaValue Method(string text, Arguments arguments);

    private static readonly Dictionary<string, Method> All = new(StringComparer.Ordinal)
    {
        ["capitalize"] = (s, _) => Text(PythonText.Capitalize(s)),
        ["casefold"] = (s, _) => Text(s.ToLowerInvariant()),
        ["center"] = (s, a) => Pad(s, a, PythonText.Center),
        ["count"] = (s, a) => Within(s, a, (part, sub) => new IntValue(TextSearch.Count(part, sub))),
        ["endswith"] = (s, a) => Affix(s, a, (part, sub) => part.EndsWith(sub, StringComparison.Ordinal)),
        ["expandtabs"] = (s, a) => Text(ExpandTabs(s, TextFilters.Int(a.Bind("expandtabs", "tabsize")[0], 8))),
        ["find"] = (s, a) => new IntValue(Find(s, a, fromEnd: false)),
        ["format"] = (s, a) => Text(FormatMethod.Apply(s, a)),
        ["index"] = (s, a) => Found(Find(s, a, fromEnd: false)),
        ["isalnum"] = (s, _) => Every(s, char.IsLetterOrDigit),
        ["isalpha"] = (s, _) => Every(s, char.IsLetter),
        ["isascii"] = (s, _) => BoolValue.Of(s.All(char.IsAscii)),
        ["isdecimal"] = (s, _) => Every(s, char.IsDigit),
        ["isdigit"] = (s, _) => Every(s, char.IsDigit),
        ["islower"] = (s, _) => BoolValue.Of(s.Any(char.IsLower) && !s.Any(char.IsUpper)),
        ["isnumeric"] = (s, _) => Every(s, char.IsNumber),
        ["isspace"] = (s, _) => Every(s, CodePoints.IsSpace),
        ["istitle"] = (s, _) => BoolValue.Of(s.Any(char.IsLetter) && PythonText.Title(s) == s),
        ["isupper"] = (s, _) => BoolValue.Of(s.Any(char.IsUpper) && !s.Any(char.IsLower)),
        ["join"] = (s, a) => Join(s, Needed(a.Bind("join", "iterable")[0], "join")),
        ["ljust"] = (s, a) => Pad(s, a, (text, width, fill) => text + Fill(text, width, fill)),
        ["lower"] = (s, _) => Text(s.ToLowerInvariant()),
        ["lstrip"] = (s, a) => Text(PythonText.Strip(s, TextFilters.Chars(a.Bind("lstrip", "chars")[0]), atStart: true, atEnd: false)),
        ["partition"] = (s, a) => Partition(s, Str(a.Bind("partition", "sep")[0], "partition"), fromEnd: false),
        ["removeprefix"] = (s, a) => Str(a.Bind("removeprefix", "prefix")[0], "removeprefix") is var p && s.StartsWith(p, StringComparison.Ordinal) ? Text(s[p.Length..]) : Text(s),
        ["removesuffix"] = (s, a) => Str(a.Bind("removesuffix", "suffix")[0], "removesuffix") is var p && s.EndsWith(p, StringComparison.Ordinal) ? Text(s[..^p.Length]) : Text(s),
        ["replace"] = (s, a) => Replace(s, a.Bind("replace", "old", "new", "count")),
        ["rfind"] = (s, a) => new IntValue(Find(s, a, fromEnd: true)),
        ["rindex"] = (s, a) => Found(Find(s, a, fromEnd: true)),
        ["rjust"] = (s, a) => Pad(s, a, (text, width, fill) => Fill(text, width, fill) + text),
        ["rpartition"] = (s, a) => Partition(s, Str(a.Bind("rpartition", "sep")[0], "rpartition"), fromEnd: true),
        ["rsplit"] = (s, a) => Split(s, a, PythonText.SplitRight),
        ["rstrip"] = (s, a) => Text(PythonText.Strip(s, TextFilters.Chars(a.Bind("rstrip", "chars")[0]), atStart: false, atEnd: true)),
        ["split"] = (s, a) => Split(s, a, PythonText.Split),
        ["splitlines"] = (s, a) => Texts(PythonText.SplitLines(s, a.Bind("splitlines", "keepends")[0]?.IsTrue ?? false)),
        ["startswith"] = (s, a) => Affix(s, a, (part, sub) => part.StartsWith(sub, StringComparison.Ordinal)),
        ["strip"] = (s, a) => Text(PythonText.Strip(s, TextFilters.Chars(a.Bind("strip", "chars")[0]), atStart: true, atEnd: true)),
        ["swapcase"] = (s, _) => Text(string.Concat(s.Select(c => char.IsUpper(c) ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c)))),
        ["title"] = (s, _) => Text(PythonText.Title(s)),
        ["upper"] = (s, _) => Text(s.ToUpperInvariant()),
        ["zfill"] = (s, a) => Text(ZeroFill(s, TextFilters.Int(a.Bind("zfill", "width")[0], 0))),
    };

    /// <summary>A method of a text, or null.</summary>
    public static JinjaValue? Find(StringValue text, string name) => All.TryGetValue(name, out var method)
        ? new FunctionValue(name, (_, arguments) => method(text.Value, arguments))
        : null;

    private static StringValue Text(string text) => new(text);

    private static ListValue Texts(IEnumerable<string> texts) => new([.. texts.Select(t => new StringValue(t))]);

    private static BoolValue Every(string text, Func<char, bool> test) => BoolValue.Of(text.Length > 0 && text.All(test));

    private static JinjaValue Needed(JinjaValue? value, string method) => value ?? throw new JinjaError($"'{method}' needs an argument");

    private static string Str(JinjaValue? value, string method) => Needed(value, method) is StringValue text
        ? text.Value
        : throw new JinjaError($"'{method}' needs a text, not '{value!.TypeName}'");

    private static string Fill(string text, int width, char fill) => PythonText.Spaces(width - CodePoints.Count(text)).Replace(' ', fill);

    private static StringValue Pad(string text, Arguments arguments, Func<string, int, char, string> pad)
    {
        var bound = arguments.Bind("this method", "width", "fillchar");
        var fill = bound[1] is null ? " " : Str(bound[1], "fillchar");
        if (fill.Length != 1) throw new JinjaError("the fill character must be one character");
        var width = TemplateLimits.CheckText(TextFilters.Int(Needed(bound[0], "this method"), 0));
        return Text(pad(text, width, fill[0]));
    }

    private static string ZeroFill(string text, int width)
    {
        var zeros = Fill(text, TemplateLimits.CheckText(width), '0');
        return text.Length > 0 && text[0] is '+' or '-' ? text[0] + zeros + text[1..] : zeros + text;
    }

    private static string ExpandTabs(string text, int size)
    {
        var output = new System.Text.StringBuilder();
        var column = 0;
        foreach (var c in text)
        {
            var width = c == '\t' ? (size > 0 ? size - column % size : 0) : 1;
            TemplateLimits.CheckText((long)output.Length + width);
            if (c == '\t') output.Append(' ', width);
            else output.Append(c);
            column = c is '\n' or '\r' ? 0 : column + width;
        }
        return output.ToString();
    }

    // The part of the text that optional start and end arguments leave, and what to look for in it.
    private static (string Part, JinjaValue Sub, int Start) Bounds(string text, Arguments arguments)
    {
        var bound = arguments.Bind("this method", "sub", "start", "end");
        var length = CodePoints.Count(text);
        int Place(JinjaValue? value, int missing) => value is null or NoneValue ? missing
            : TextFilters.Int(value, 0) is var i && i < 0 ? Math.Max(0, i + length) : Math.Min(i, length);
        var (start, end) = (Place(bound[1], 0), Place(bound[2], length));
        var part = start >= end ? "" : text[CodePoints.Position(text, start)..CodePoints.Position(text, end)];
        return (part, Needed(bound[0], "this method"), start);
    }

    private static JinjaValue Within(string text, Arguments arguments, Func<string, string, JinjaValue> action)
    {
        var (part, sub, _) = Bounds(text, arguments);
        return action(part, Str(sub, "this method"));
    }

    private static BoolValue Affix(string text, Arguments arguments, Func<string, string, bool> test)
    {
        var (part, sub, _) = Bounds(text, arguments);
        return BoolValue.Of(sub is ListValue { Kind: SequenceKind.Tuple } several
            ? several.Values.Any(v => test(part, Str(v, "this method")))
            : test(part, Str(sub, "this method")));
    }

    private static int Find(string text, Arguments arguments, bool fromEnd)
    {
        var (part, sub, start) = Bounds(text, arguments);
        var wanted = Str(sub, "this method");
        var at = fromEnd ? TextSearch.LastIndexOf(part, wanted) : TextSearch.IndexOf(part, wanted);
        return at < 0 ? -1 : start + CodePoints.Count(part[..at]);
    }

    private static IntValue Found(int position) => position >= 0 ? new(position) : throw new JinjaError("the text was not found");

    private static ListValue Split(string text, Arguments arguments, Func<string, string?, int, List<string>> split)
    {
        var bound = arguments.Bind("split", "sep", "maxsplit");
        return Texts(split(text, bound[0] is null or NoneValue ? null : Str(bound[0], "split"), TextFilters.Int(bound[1], -1)));
    }

    private static StringValue Replace(string text, JinjaValue?[] bound) =>
        Text(TextSearch.Replace(text, Str(bound[0], "replace"), Str(bound[1], "replace"), TextFilters.Int(bound[2], -1)));

    private static StringValue Join(string separator, JinjaValue values)
    {
        var texts = Access.Elements(values).Select(v => v is StringValue text
            ? text.Value
            : throw new JinjaError($"'join' needs texts, but there is a '{v.TypeName}'")).ToArray();
        TemplateLimits.CheckText(texts.Sum(t => (long)t.Length + separator.Length));
        return Text(string.Join(separator, texts));
    }

    private static ListValue Partition(string text, string separator, bool fromEnd)
    {
        if (separator.Length == 0) throw new JinjaError("a text cannot be split at an empty separator");
        var at = fromEnd ? TextSearch.LastIndexOf(text, separator) : TextSearch.IndexOf(text, separator);
        string[] parts = at >= 0 ? [text[..at], separator, text[(at + separator.Length)..]] : fromEnd ? ["", "", text] : [text, "", ""];
        return new([.. parts.Select(p => new StringValue(p))], SequenceKind.Tuple);
    }
}
