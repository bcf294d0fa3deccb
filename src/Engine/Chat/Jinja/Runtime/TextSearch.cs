namespace AgentRuntime.Engine.Chat.Jinja.Runtime;

/// <summary>Searching text, guarded: the plain search is quadratic on texts made to be so.</summary>
internal static class TextSearch
{
    private const long Work = 20_000_000_000;

    /// <summary>Whether a text holds another.</summary>
    public static bool Contains(string text, string part) => IndexOf(text, part) >= 0;

    /// <summary>Where a part first stands at or after a place, or -1.</summary>
    public static int IndexOf(string text, string part, int from = 0)
    {
        Guard(text, part);
        return text.IndexOf(part, from, StringComparison.Ordinal);
    }

    /// <summary>Where a part last stands, or -1.</summary>
    public static int LastIndexOf(string text, string part)
    {
        Guard(text, part);
        return part.Length == 0 ? text.Length : text.LastIndexOf(part, StringComparison.Ordinal);
    }

    /// <summary>How often a part stands in a text without overlap.</summary>
    public static int Count(string text, string part)
    {
        Guard(text, part);
        if (part.Length == 0) return Values.CodePoints.Count(text) + 1;
        var count = 0;
        for (var i = text.IndexOf(part, StringComparison.Ordinal); i >= 0; i = text.IndexOf(part, i + part.Length, StringComparison.Ordinal)) count++;
        return count;
    }

    /// <summary>Replaces a part, the first <paramref name="limit"/> times or, if negative, every time.</summary>
    public static string Replace(string text, string old, string replacement, int limit = -1)
    {
        var count = Count(text, old);
        if (limit >= 0) count = Math.Min(count, limit);
        if (count == 0) return text;
        TemplateLimits.CheckText(text.Length + (long)count * (replacement.Length - old.Length));
        var output = new System.Text.StringBuilder();
        var position = 0;
        foreach (var at in Places(text, old).Take(count))
        {
            output.Append(text, position, at - position).Append(replacement);
            position = at + old.Length;
        }
        return output.Append(text, position, text.Length - position).ToString();
    }

    // An empty part stands before each code point and at the end.
    private static IEnumerable<int> Places(string text, string part)
    {
        if (part.Length > 0)
        {
            for (var i = text.IndexOf(part, StringComparison.Ordinal); i >= 0; i = text.IndexOf(part, i + part.Length, StringComparison.Ordinal))
                yield return i;
            yield break;
        }
        var at = 0;
        foreach (var character in Values.CodePoints.Split(text))
        {
            yield return at;
            at += character.Length;
        }
        yield return at;
    }

    private static void Guard(string text, string part)
    {
        if ((long)text.Length * part.Length > Work) throw new JinjaError("a text is too long to be searched for another that long");
    }
}
