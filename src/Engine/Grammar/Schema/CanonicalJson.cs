using System.Globalization;
using System.Text;
using System.Text.Json;

namespace AgentRuntime.Engine.Grammar.Schema;

/// <summary>JSON in one spelling: no whitespace, shortest escapes, plain numbers.</summary>
internal static class CanonicalJson
{
    /// <summary>A value; members keep their order unless <paramref name="sort"/>.</summary>
    public static string Write(JsonElement value, bool sort = false)
    {
        var text = new StringBuilder();
        Write(value, text, sort);
        return text.ToString();
    }

    /// <summary>A string with its quotes.</summary>
    public static string Quote(string value)
    {
        var text = new StringBuilder("\"");
        foreach (var c in value)
        {
            text.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\b' => "\\b",
                '\f' => "\\f",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                < ' ' => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => c.ToString(),
            });
        }
        return text.Append('"').ToString();
    }

    /// <summary>A number: without fraction where it is integral, without exponent where that is exact.</summary>
    public static string Number(JsonElement value)
    {
        var text = value.GetRawText();
        if (!decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || (number == 0 && text.AsSpan().IndexOfAnyInRange('1', '9') >= 0)) return text;
        var plain = number.ToString("0.############################", CultureInfo.InvariantCulture);
        return plain == "-0" ? "0" : plain;
    }

    private static void Write(JsonElement value, StringBuilder text, bool sort)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                text.Append('{');
                var members = sort ? value.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal) : value.EnumerateObject().AsEnumerable();
                foreach (var member in members)
                {
                    if (text[^1] != '{') text.Append(',');
                    text.Append(Quote(member.Name)).Append(':');
                    Write(member.Value, text, sort);
                }
                text.Append('}');
                break;
            case JsonValueKind.Array:
                text.Append('[');
                var first = true;
                foreach (var item in value.EnumerateArray())
                {
                    if (!first) text.Append(',');
                    first = false;
                    Write(item, text, sort);
                }
                text.Append(']');
                break;
            case JsonValueKind.String: text.Append(Quote(value.GetString()!)); break;
            case JsonValueKind.Number: text.Append(Number(value)); break;
            default: text.Append(value.GetRawText()); break;
        }
    }
}
