using System.Text;
using AgentRuntime.Engine.Chat.Jinja.Values;

namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>Python's <c>str</c> methods that .NET has no equal of.</summary>
internal static class PythonText
{
    /// <summary>Takes white space, or the given characters, off the ends.</summary>
    public static string Strip(string text, string? characters, bool atStart, bool atEnd)
    {
        bool Goes(char c) => characters is null ? CodePoints.IsSpace(c) : characters.Contains(c);
        var (start, end) = (0, text.Length);
        while (atStart && start < end && Goes(text[start])) start++;
        while (atEnd && end > start && Goes(text[end - 1])) end--;
        return text[start..end];
    }

    /// <summary>First character upper case, the rest lower case.</summary>
    public static string Capitalize(string text) =>
        text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();

    /// <summary>Every run of letters with its first one in upper case.</summary>
    public static string Title(string text)
    {
        var output = new StringBuilder(text.Length);
        var inWord = false;
        foreach (var c in text)
        {
            output.Append(inWord ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c));
            inWord = char.IsLetter(c);
        }
        return output.ToString();
    }

    /// <summary>Puts text in the middle of a width.</summary>
    public static string Center(string text, int width, char fill = ' ')
    {
        var missing = TemplateLimits.CheckText(width) - CodePoints.Count(text);
        if (missing <= 0) return text;
        var left = (missing / 2) + (missing & width & 1);
        return new string(fill, left) + text + Spaces(missing - left).Replace(' ', fill);
    }

    /// <summary>That many spaces.</summary>
    public static string Spaces(int count) => new(' ', TemplateLimits.CheckText(Math.Max(0, count)));

    /// <summary>Splits at a separator, or at runs of white space, from the left, at most <paramref name="limit"/> times if that is not negative.</summary>
    public static List<string> Split(string text, string? separator, int limit)
    {
        var parts = new List<string>();
        var position = 0;
        if (separator is null)
        {
            while (true)
            {
                while (position < text.Length && CodePoints.IsSpace(text[position])) position++;
                if (position == text.Length) return parts;
                if (limit >= 0 && parts.Count >= limit)
                {
                    parts.Add(Strip(text[position..], null, atStart: false, atEnd: true));
                    return parts;
                }
                var start = position;
                while (position < text.Length && !CodePoints.IsSpace(text[position])) position++;
                parts.Add(text[start..position]);
            }
        }
        RefuseEmpty(separator);
        for (var at = TextSearch.IndexOf(text, separator); at >= 0 && (limit < 0 || parts.Count < limit); at = TextSearch.IndexOf(text, separator, position))
        {
            parts.Add(text[position..at]);
            position = at + separator.Length;
        }
        parts.Add(text[position..]);
        return parts;
    }

    /// <summary>Like <see cref="Split"/>, but from the right.</summary>
    public static List<string> SplitRight(string text, string? separator, int limit)
    {
        if (limit < 0) return Split(text, separator, limit);
        var parts = new List<string>();
        var end = text.Length;
        if (separator is null)
        {
            while (true)
            {
                while (end > 0 && CodePoints.IsSpace(text[end - 1])) end--;
                if (end == 0) break;
                if (parts.Count >= limit)
                {
                    parts.Add(text[..end]);
                    break;
                }
                var stop = end;
                while (end > 0 && !CodePoints.IsSpace(text[end - 1])) end--;
                parts.Add(text[end..stop]);
            }
        }
        else
        {
            RefuseEmpty(separator);
            for (var at = TextSearch.LastIndexOf(text, separator); at >= 0 && parts.Count < limit; at = end == 0 ? -1 : TextSearch.LastIndexOf(text[..end], separator))
            {
                parts.Add(text[(at + separator.Length)..end]);
                end = at;
            }
            parts.Add(text[..end]);
        }
        parts.Reverse();
        return parts;
    }

    /// <summary>Splits into lines at everything that Python takes for a line end.</summary>
    public static List<string> SplitLines(string text, bool keepEnds)
    {
        var lines = new List<string>();
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is not ((>= '\n' and <= '\r') or (>= '\x1c' and <= '\x1e') or '\x85' or '\u2028' or '\u2029')) continue;
            var end = i;
            if (text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n') i++;
            lines.Add(text[start..(keepEnds ? i + 1 : end)]);
            start = i + 1;
        }
        if (start < text.Length) lines.Add(text[start..]);
        return lines;
    }

    private static void RefuseEmpty(string separator)
    {
        if (separator.Length == 0) throw new JinjaError("a text cannot be split at an empty separator");
    }
}
