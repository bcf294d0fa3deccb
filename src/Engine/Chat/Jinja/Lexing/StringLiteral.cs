using System.Globalization;
using System.Text;

namespace AgentRuntime.Engine.Chat.Jinja.Lexing;

/// <summary>Reads a quoted string with Python's escapes.</summary>
internal static class StringLiteral
{
    /// <summary>Reads the string whose quote stands at a position.</summary>
    public static string Read(string source, int position, int line, out int end)
    {
        var quote = source[position];
        var text = new StringBuilder();
        for (var i = position + 1; i < source.Length; i++)
        {
            if (source[i] == quote)
            {
                end = i + 1;
                return text.ToString();
            }
            if (source[i] != '\\' || i + 1 == source.Length) text.Append(source[i]);
            else i = ReadEscape(source, i + 1, line, text) - 1;
        }
        throw new TemplateException($"a string is not closed with {quote}", line);
    }

    // Reads the escape whose letter stands at i and returns where it ends.
    private static int ReadEscape(string source, int i, int line, StringBuilder text)
    {
        switch (source[i])
        {
            case '\n': return i + 1;
            case '\\' or '\'' or '"': text.Append(source[i]); return i + 1;
            case 'a': text.Append('\a'); return i + 1;
            case 'b': text.Append('\b'); return i + 1;
            case 'f': text.Append('\f'); return i + 1;
            case 'n': text.Append('\n'); return i + 1;
            case 'r': text.Append('\r'); return i + 1;
            case 't': text.Append('\t'); return i + 1;
            case 'v': text.Append('\v'); return i + 1;
            case 'x': return ReadHex(source, i + 1, 2, line, text);
            case 'u': return ReadHex(source, i + 1, 4, line, text);
            case 'U': return ReadHex(source, i + 1, 8, line, text);
            case >= '0' and <= '7':
                var (value, end) = (0, i);
                while (end < source.Length && end < i + 3 && source[end] is >= '0' and <= '7') value = value * 8 + (source[end++] - '0');
                text.Append((char)value);
                return end;
            default: text.Append('\\').Append(source[i]); return i + 1;
        }
    }

    private static int ReadHex(string source, int start, int digits, int line, StringBuilder text)
    {
        if (start + digits > source.Length
            || !uint.TryParse(source.AsSpan(start, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
            || code > 0x10ffff)
        {
            throw new TemplateException($"a \\{source[start - 1]} escape needs {digits} hexadecimal digits of a character", line);
        }
        // Lone halves of surrogate pairs are written as they are: a pair may be spelt out as two escapes.
        text.Append(code <= 0xffff ? ((char)code).ToString() : char.ConvertFromUtf32((int)code));
        return start + digits;
    }
}
