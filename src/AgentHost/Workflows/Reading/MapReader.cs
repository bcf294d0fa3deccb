using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Workflows.Reading;

/// <summary>Reads the keys of a map. What is wrong becomes a problem, and the value is then as if it were absent.</summary>
internal sealed partial class MapReader
{
    private readonly Dictionary<string, SourceEntry> _entries = new(StringComparer.Ordinal);
    private readonly ValueReader _values;

    /// <summary>Takes the map's keys; unknown and missing ones are problems.</summary>
    public MapReader(SourceMap map, MapShape shape, ValueReader values, Mark? mark = null)
    {
        (_values, Mark) = (values, mark ?? map.Mark);
        var names = shape.Keys.Select(k => k.Name).ToList();
        foreach (var entry in map.Entries)
        {
            if (names.Contains(entry.Key)) _entries.Add(entry.Key, entry);
            else Problem(entry.Mark, $"unknown key '{entry.Key}' in {shape.Noun}; expected one of {string.Join(", ", names)}{Suggestion.For(entry.Key, names)}");
        }
        foreach (var key in shape.Keys.Where(k => k.Required && !_entries.ContainsKey(k.Name)))
            Problem(Mark, $"{shape.Noun} needs the key '{key.Name}': {char.ToLowerInvariant(key.Description[0])}{key.Description[1..].TrimEnd('.')}");
    }

    /// <summary>Where the map is written.</summary>
    public Mark Mark { get; }

    public bool Has(string key) => _entries.ContainsKey(key);

    /// <summary>Where a key is written; the map's place when it is absent.</summary>
    public Mark KeyMark(string key) => _entries.TryGetValue(key, out var entry) ? entry.Mark : Mark;

    /// <summary>Where a value is written; the map's place when it is absent.</summary>
    public Mark ValueMark(string key) => Node(key)?.Mark ?? Mark;

    public SourceNode? Node(string key) => _entries.TryGetValue(key, out var entry) ? entry.Value : null;

    /// <summary>Text without expressions.</summary>
    public string? Name(string key)
    {
        if (Node(key) is not { } node) return null;
        if (node is not SourceScalar { Text: { Length: > 0 } text } scalar || ScalarValues.Of(scalar) is null) return Wrong<string>(key, node, "text");
        return ExpressionReader.HasExpressions(text) && _values.Json(scalar, key) is null ? null : text;
    }

    /// <summary>Text that may have expressions.</summary>
    public WorkflowValue? Text(string key)
    {
        if (Node(key) is not { } node) return null;
        if (node is not SourceScalar scalar || ScalarValues.Of(scalar) is null || string.IsNullOrWhiteSpace(scalar.Text)) return Wrong<WorkflowValue>(key, node, "text");
        return _values.Value(scalar) is TextValue text ? text : new ConstantValue(JsonValue.Create(scalar.Text), scalar.Mark);
    }

    public bool? Boolean(string key) => Node(key) is not { } node ? null
        : Constant(node, key) is { } value && value.GetValueKind() is JsonValueKind.True or JsonValueKind.False ? value.GetValue<bool>()
        : WrongValue<bool>(key, node, "true or false");

    public int? Integer(string key, int least, int most) => Number(key, least, most, "a whole number") is not { } number ? null
        : number == Math.Floor(number) ? (int)number
        : WrongValue<int>(key, Node(key)!, $"a whole number from {least} to {most}");

    public double? Number(string key, double least, double most, string noun = "a number")
    {
        if (Node(key) is not { } node) return null;
        var value = JsonValues.Number(Constant(node, key));
        return value >= least && value <= most ? value : WrongValue<double>(key, node, $"{noun} from {least} to {most}");
    }

    /// <summary>A number with a unit: <c>500ms</c>, <c>30s</c>, <c>5m</c>, <c>2h</c>; at most a week.</summary>
    public TimeSpan? Duration(string key)
    {
        if (Node(key) is not { } node) return null;
        if (node is SourceScalar { Text: var text } && Durations().Match(text) is { Success: true } match)
        {
            var number = int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            var duration = match.Groups[2].Value switch
            {
                "ms" => TimeSpan.FromMilliseconds(number),
                "s" => TimeSpan.FromSeconds(number),
                "m" => TimeSpan.FromMinutes(number),
                _ => TimeSpan.FromHours(number),
            };
            if (duration > TimeSpan.Zero && duration <= TimeSpan.FromDays(7)) return duration;
        }
        Constant(node, key);
        return WrongValue<TimeSpan>(key, node, "a duration above 0 and of at most a week, such as 500ms, 30s, 5m or 2h");
    }

    /// <summary>A value that may have expressions.</summary>
    public WorkflowValue? Value(string key) => Node(key) is { } node ? _values.Value(node) : null;

    /// <summary>A value without expressions.</summary>
    public JsonNode? Json(string key) => Node(key) is { } node ? _values.Json(node, key) : null;

    /// <summary>A map of values by name.</summary>
    public MapValue? Map(string key) => Node(key) switch
    {
        null => null,
        SourceMap map => (MapValue)_values.Value(map),
        var other => Wrong<MapValue>(key, other, "a map of names to values"),
    };

    /// <summary>A map of values by name whose names are ids.</summary>
    public IReadOnlyList<NamedValue> Named(string key, string noun)
    {
        var entries = Map(key)?.Entries ?? [];
        return [.. entries.Where(e => Identifiers.Check(e.Name, e.Mark, noun, _values.Problems))];
    }

    /// <summary>A map of scalars by name, for environment variables and headers.</summary>
    public IReadOnlyList<NamedValue> Variables(string key, string noun)
    {
        var entries = Map(key)?.Entries ?? [];
        foreach (var entry in entries.Where(e => e.Value is ListValue or MapValue))
            Problem(entry.Value.Mark, $"{noun} '{entry.Name}' is {(entry.Value is ListValue ? "a list" : "a map")}; expected text, a number or true or false");
        return [.. entries.Where(e => e.Value is not (ListValue or MapValue))];
    }

    /// <summary>One name, or a list of names.</summary>
    public IReadOnlyList<NameReference>? Names(string key, string noun)
    {
        if (Node(key) is not { } node) return null;
        List<NameReference> names = [];
        foreach (var item in node is SourceList list ? list.Items : [node])
        {
            if (item is not SourceScalar { Text.Length: > 0 } scalar) Problem(item.Mark, $"'{key}' has {item.Noun} in it; expected {noun}, or a list of them in [ ]");
            else if (ExpressionReader.HasExpressions(scalar.Text)) _values.Json(scalar, key);
            else if (names.Any(n => n.Name == scalar.Text)) Problem(scalar.Mark, $"'{scalar.Text}' is in '{key}' twice; remove one");
            else names.Add(new(scalar.Text, scalar.Mark));
        }
        return names;
    }

    /// <summary>A map with fixed keys.</summary>
    public MapReader? Fixed(string key, MapShape shape) => Node(key) switch
    {
        null => null,
        SourceMap map => new(map, shape, _values),
        var other => Wrong<MapReader>(key, other, $"a map with {string.Join(", ", shape.Keys.Select(k => k.Name))}"),
    };

    public Expression? Expression(string key) => Node(key) switch
    {
        null => null,
        SourceScalar { Text.Length: > 0 } scalar => _values.Expression(scalar),
        var other => Wrong<Expression>(key, other, "an expression such as ${{ inputs.name == 'x' }}"),
    };

    public void Problem(Mark mark, string message) => _values.Problems.Add(mark, message);

    /// <summary>Reports a value of the wrong kind.</summary>
    public T? Wrong<T>(string key, SourceNode node, string expected) where T : class
    {
        var shown = node is SourceScalar { Text: { Length: > 0 and <= 40 } text } && !text.Contains('\n', StringComparison.Ordinal) ? $"'{text}'" : node.Noun;
        Problem(node.Mark, $"'{key}' is {shown}; expected {expected}");
        return null;
    }

    private T? WrongValue<T>(string key, SourceNode node, string expected) where T : struct
    {
        if (node is not SourceScalar scalar || !ExpressionReader.HasExpressions(scalar.Text)) Wrong<string>(key, node, expected);
        return null;
    }

    private JsonNode? Constant(SourceNode node, string key) => node is SourceScalar ? _values.Json(node, key) : null;

    [GeneratedRegex("^([0-9]{1,9})(ms|s|m|h)$")]
    private static partial Regex Durations();
}
