using System.Text.Json;
using System.Text.Json.Nodes;

namespace AgentRuntime.AgentHost.Workflows.Expressions;

/// <summary>The functions of the language. What a function cannot compute, or what would be larger than its limits, is null.</summary>
internal static class ExpressionFunctions
{
    /// <summary>Most characters of a function's text.</summary>
    public const int MaxLength = 1_000_000;

    /// <summary>Most entries of a function's list.</summary>
    public const int MaxEntries = 100_000;

    private static readonly ExpressionKind[] Texts = [ExpressionKind.String];
    private static readonly ExpressionKind[] Lists = [ExpressionKind.List];
    private static readonly ExpressionKind[] Maps = [ExpressionKind.Object];
    private static readonly ExpressionKind[] Numbers = [ExpressionKind.Number];
    private static readonly ExpressionKind[] Anything = [ExpressionKind.Any];

    private static readonly Dictionary<string, ExpressionFunction> ByName = Create().ToDictionary(f => f.Name, StringComparer.Ordinal);

    public static IReadOnlyCollection<ExpressionFunction> All => ByName.Values;

    public static ExpressionFunction? Find(string name) => ByName.GetValueOrDefault(name);

    private static ExpressionFunction[] Create() =>
    [
        // Text
        OfTexts("startsWith(text, part)", "Whether a text begins with another.", ExpressionType.Boolean, (s, t) => s.StartsWith(t, StringComparison.Ordinal)),
        OfTexts("endsWith(text, part)", "Whether a text ends with another.", ExpressionType.Boolean, (s, t) => s.EndsWith(t, StringComparison.Ordinal)),
        OfTexts("split(text, separator)", "The parts of a text between separators.", ExpressionType.ListOf(ExpressionType.String), Split),
        OfText("lower(text)", "In lower case.", ExpressionType.String, s => s.ToLowerInvariant()),
        OfText("upper(text)", "In upper case.", ExpressionType.String, s => s.ToUpperInvariant()),
        OfText("trim(text)", "Without white space at both ends.", ExpressionType.String, s => s.Trim()),
        OfText("lines(text)", "The lines of a text that are not empty.", ExpressionType.ListOf(ExpressionType.String), s => Strings(s.Split(["\r\n", "\n"], StringSplitOptions.RemoveEmptyEntries))),
        OfText("quote(text)", "Quoted for a POSIX shell, as one word.", ExpressionType.String, s => Bounded(t => t.Append("'").Append(s.Replace("'", "'\\''", StringComparison.Ordinal)).Append("'"))),
        new("replace(text, part, with)", "A text with every occurrence of a part replaced.", [Texts, Texts, Texts], 3, false, _ => ExpressionType.String, Replace),
        new("format(text, value, …)", "A text with {0}, {1} … replaced by the values; {{ and }} are braces.", [Texts, Anything], 1, true, _ => ExpressionType.String, Format),
        new("join(list, separator?)", "The entries as text, with ', ' or the separator between them.", [Lists, Texts], 1, false, _ => ExpressionType.String, Join),
        // Text and lists
        new("contains(text or list, value)", "Whether a text has a part, or a list an entry.", [[.. Texts, .. Lists], Anything], 2, false, _ => ExpressionType.Boolean, Contains),
        new("length(text, list or map)", "How many UTF-16 units, entries or names there are.", [[.. Texts, .. Lists, .. Maps]], 1, false, _ => ExpressionType.Number, Length),
        new("slice(text or list, start, end?)", "From a place on, counted from 0, up to another or to the end.", [[.. Texts, .. Lists], Numbers, Numbers], 2, false, t => t[0].Kind is ExpressionKind.String or ExpressionKind.List ? t[0] : ExpressionType.Any, Slice),
        // Lists and maps
        new("first(list)", "The first entry; null when there is none.", [Lists], 1, false, Element, a => a[0] is JsonArray { Count: > 0 } list ? list[0] : null),
        new("last(list)", "The last entry; null when there is none.", [Lists], 1, false, Element, a => a[0] is JsonArray { Count: > 0 } list ? list[^1] : null),
        new("concat(list, …)", "One list after the other.", [Lists], 1, true, t => t.All(x => x.Kind == ExpressionKind.List) ? t.Aggregate(ExpressionType.Join) : ExpressionType.List, a => a.All(x => x is JsonArray) ? Entries(a.SelectMany(x => x!.AsArray())) : null),
        new("unique(list)", "Without entries that were there before.", [Lists], 1, false, Same, a => a[0] is JsonArray list ? Entries(list.DistinctBy(JsonValues.Json)) : null),
        new("sort(list)", "Numbers by size, then everything else by its text.", [Lists], 1, false, Same, Sort),
        new("keys(map)", "The names of a map.", [Maps], 1, false, _ => ExpressionType.ListOf(ExpressionType.String), a => a[0] is JsonObject map ? Strings(map.Select(p => p.Key)) : null),
        new("pluck(list, name)", "What each map of a list has under a name.", [Lists, Texts], 2, false, _ => ExpressionType.List, a => a[0] is JsonArray list && JsonValues.String(a[1]) is { } name ? Entries(list.Select(x => x is JsonObject map ? map[name] : null)) : null),
        new("where(list, name, value)", "The maps of a list that have a value under a name.", [Lists, Texts, Anything], 3, false, Same, a => a[0] is JsonArray list && JsonValues.String(a[1]) is { } name ? Entries(list.Where(x => x is JsonObject map && JsonValues.AreEqual(map[name], a[2]))) : null),
        // Conversions
        new("default(value, otherwise)", "The value, or the other one where it is null.", [Anything, Anything], 2, false, t => t[0].Kind == ExpressionKind.Null ? t[1] : ExpressionType.Join(t[0], t[1]), a => a[0] ?? a[1]),
        new("string(value)", "As text; lists and maps as JSON.", [Anything], 1, false, _ => ExpressionType.String, a => ToNode(JsonValues.Text(a[0], MaxLength))),
        new("number(value)", "The number that a text holds; null when it holds none.", [[.. Texts, .. Numbers]], 1, false, _ => ExpressionType.Number, ToNumber),
        new("toJSON(value)", "As JSON.", [Anything], 1, false, _ => ExpressionType.String, a => JsonValues.Text(a[0], MaxLength) is null || JsonValues.Json(a[0]) is not { Length: <= MaxLength } json ? null : ToNode(json)),
        new("fromJSON(text)", "The value of JSON text; null when it is malformed.", [Texts], 1, false, _ => ExpressionType.Any, a => JsonValues.String(a[0]) is { } text && JsonValues.TryParse(text, out var value) ? value : null),
    ];

    private static ExpressionFunction OfText(string signature, string summary, ExpressionType result, Func<string, JsonNode?> body) =>
        new(signature, summary, [Texts], 1, false, _ => result, a => JsonValues.String(a[0]) is { } text ? body(text) : null);

    private static ExpressionFunction OfTexts(string signature, string summary, ExpressionType result, Func<string, string, JsonNode?> body) =>
        new(signature, summary, [Texts, Texts], 2, false, _ => result, a => JsonValues.String(a[0]) is { } s && JsonValues.String(a[1]) is { } t ? body(s, t) : null);

    private static ExpressionType Element(IReadOnlyList<ExpressionType> types) => types[0].Kind == ExpressionKind.List ? types[0].Element : ExpressionType.Any;

    private static ExpressionType Same(IReadOnlyList<ExpressionType> types) => types[0].Kind == ExpressionKind.List ? types[0] : ExpressionType.List;

    private static JsonValue? ToNode(string? text) => text is null ? null : JsonValue.Create(text);

    private static JsonValue? Bounded(Action<BoundedText> write)
    {
        var text = new BoundedText(MaxLength);
        write(text);
        return ToNode(text.Result);
    }

    private static JsonArray? Strings(IEnumerable<string> texts) => Entries(texts.Select(JsonNode? (t) => JsonValue.Create(t)));

    private static JsonArray? Entries(IEnumerable<JsonNode?> entries)
    {
        var result = new JsonArray();
        foreach (var entry in entries)
        {
            if (result.Count == MaxEntries) return null;
            result.Add(entry?.DeepClone());
        }
        return result;
    }

    private static JsonArray? Split(string text, string separator) =>
        separator.Length == 0 ? Strings([text]) : Strings(text.Split(separator, MaxEntries + 1));

    private static JsonValue? Replace(IReadOnlyList<JsonNode?> arguments)
    {
        if (JsonValues.String(arguments[0]) is not { } text || JsonValues.String(arguments[1]) is not { } part || JsonValues.String(arguments[2]) is not { } with) return null;
        if (part.Length == 0) return ToNode(text);
        return Bounded(result =>
        {
            var position = 0;
            while (!result.Exceeded && text.IndexOf(part, position, StringComparison.Ordinal) is var found and >= 0)
            {
                result.Append(text.AsSpan(position, found - position)).Append(with);
                position = found + part.Length;
            }
            result.Append(text.AsSpan(position));
        });
    }

    private static JsonValue? Format(IReadOnlyList<JsonNode?> arguments)
    {
        if (JsonValues.String(arguments[0]) is not { } text) return null;
        return Bounded(result =>
        {
            for (var i = 0; i < text.Length && !result.Exceeded; i++)
            {
                var close = text[i] == '{' ? text.IndexOf('}', i) : -1;
                if (text[i] is '{' or '}' && i + 1 < text.Length && text[i + 1] == text[i])
                {
                    result.Append(text.AsSpan(i++, 1));
                }
                else if (close > 0 && int.TryParse(text.AsSpan(i + 1, close - i - 1), System.Globalization.NumberStyles.None, null, out var index) && index < arguments.Count - 1)
                {
                    // One that is too long is passed over here, and the whole is then null.
                    result.Append(JsonValues.Text(arguments[index + 1], MaxLength) ?? new string(' ', MaxLength + 1));
                    i = close;
                }
                else
                {
                    result.Append(text.AsSpan(i, 1));
                }
            }
        });
    }

    private static JsonValue? Join(IReadOnlyList<JsonNode?> arguments)
    {
        var separator = arguments.Count < 2 ? ", " : JsonValues.String(arguments[1]);
        if (arguments[0] is not JsonArray list || separator is null) return null;
        return Bounded(result =>
        {
            for (var i = 0; i < list.Count && !result.Exceeded; i++)
            {
                if (i > 0) result.Append(separator);
                result.Append(JsonValues.Text(list[i], MaxLength) ?? new string(' ', MaxLength + 1));
            }
        });
    }

    private static JsonNode? Contains(IReadOnlyList<JsonNode?> arguments) => arguments[0] switch
    {
        JsonArray list => list.Any(entry => JsonValues.AreEqual(entry, arguments[1])),
        var text when JsonValues.String(text) is { } s && JsonValues.String(arguments[1]) is { } part => s.Contains(part, StringComparison.Ordinal),
        _ => false,
    };

    private static JsonNode? Length(IReadOnlyList<JsonNode?> arguments) => arguments[0] switch
    {
        JsonArray list => list.Count,
        JsonObject map => map.Count,
        var text => JsonValues.String(text)?.Length,
    };

    private static JsonNode? Slice(IReadOnlyList<JsonNode?> arguments)
    {
        var text = JsonValues.String(arguments[0]);
        var list = arguments[0] as JsonArray;
        if ((text is null && list is null) || JsonValues.Number(arguments[1]) is not { } first) return null;
        var length = text?.Length ?? list!.Count;
        var last = arguments.Count > 2 ? JsonValues.Number(arguments[2]) : length;
        if (last is null) return null;
        var start = (int)Math.Clamp(first, 0, length);
        var end = (int)Math.Clamp(last.Value, start, length);
        return text is null ? Entries(list!.Skip(start).Take(end - start)) : ToNode(text[start..end]);
    }

    private static JsonArray? Sort(IReadOnlyList<JsonNode?> arguments) => arguments[0] is not JsonArray list ? null : Entries(list
        .OrderBy(entry => JsonValues.Kind(entry) != JsonValueKind.Number)
        .ThenBy(entry => JsonValues.Number(entry) ?? 0)
        .ThenBy(entry => JsonValues.Kind(entry) == JsonValueKind.Number ? "" : JsonValues.String(entry) ?? JsonValues.Json(entry), StringComparer.Ordinal));

    private static JsonNode? ToNumber(IReadOnlyList<JsonNode?> arguments) =>
        JsonValues.String(arguments[0]) is { } text
            ? double.TryParse(text, System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var number) ? JsonValues.FromNumber(number) : null
            : JsonValues.Number(arguments[0]) is null ? null : arguments[0];
}
