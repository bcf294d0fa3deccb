using System.Text;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>Writes JSON exactly as Python's <c>json.dumps</c> does.</summary>
internal sealed class JsonText
{
    private readonly StringBuilder _output = new();
    private readonly JsonStyle _style;

    private JsonText(JsonStyle style) => _style = style;

    /// <summary>The JSON of a value.</summary>
    public static string Write(JinjaValue value, JsonStyle style)
    {
        var writer = new JsonText(style);
        writer.WriteValue(value, 0);
        return writer._output.ToString();
    }

    private void WriteValue(JinjaValue value, int level)
    {
        switch (value)
        {
            case NoneValue: _output.Append("null"); break;
            case BoolValue flag: _output.Append(flag.Value ? "true" : "false"); break;
            case IntValue number: number.WriteRepr(_output); break;
            case FloatValue number: _output.Append(FloatText(number.Value)); break;
            case StringValue text: WriteString(text.Value); break;
            case ListValue { Kind: not SequenceKind.Iterator } list:
                WriteNested('[', ']', list.Values, level, (element, inner) => WriteValue(element, inner));
                break;
            case DictValue dict:
                var entries = dict.Entries.Select(e => (Key: KeyText(e.Key), e.Value));
                if (_style.SortKeys) entries = entries.OrderBy(e => e.Key, StringComparer.Ordinal);
                WriteNested('{', '}', [.. entries], level, (entry, inner) =>
                {
                    WriteString(entry.Key);
                    _output.Append(_style.KeySeparator);
                    WriteValue(entry.Value, inner);
                });
                break;
            default: throw new JinjaError($"a value of type '{value.TypeName}' cannot be written as JSON");
        }
    }

    private void WriteNested<T>(char open, char close, IReadOnlyList<T> elements, int level, Action<T, int> write)
    {
        TemplateLimits.CheckText(_output.Length);
        _output.Append(open);
        for (var i = 0; i < elements.Count; i++)
        {
            if (i > 0) _output.Append(_style.ItemSeparator);
            NewLine(level + 1);
            write(elements[i], level + 1);
        }
        if (elements.Count > 0) NewLine(level);
        _output.Append(close);
    }

    private void NewLine(int level)
    {
        if (_style.Indent is null) return;
        TemplateLimits.CheckText(_output.Length + ((long)level * _style.Indent.Length));
        _output.Append('\n');
        for (var i = 0; i < level; i++) _output.Append(_style.Indent);
    }

    private void WriteString(string text)
    {
        _output.Append('"');
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => _output.Append("\\\""),
                '\\' => _output.Append("\\\\"),
                '\n' => _output.Append("\\n"),
                '\r' => _output.Append("\\r"),
                '\t' => _output.Append("\\t"),
                '\b' => _output.Append("\\b"),
                '\f' => _output.Append("\\f"),
                < ' ' => _output.Append($"\\u{(int)c:x4}"),
                > '~' when _style.EnsureAscii => _output.Append(c == '\x7f' ? "\x7f" : $"\\u{(int)c:x4}"),
                _ => _output.Append(c),
            };
        }
        _output.Append('"');
    }

    private static string KeyText(JinjaValue key) => key switch
    {
        StringValue text => text.Value,
        BoolValue flag => flag.Value ? "true" : "false",
        NoneValue => "null",
        IntValue => key.ToText(),
        FloatValue number => FloatText(number.Value),
        _ => throw new JinjaError($"a key of type '{key.TypeName}' cannot be written as JSON"),
    };

    private static string FloatText(double value) => double.IsFinite(value)
        ? Numbers.FloatText(value)
        : double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}
