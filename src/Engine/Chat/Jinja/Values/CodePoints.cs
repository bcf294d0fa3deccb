using System.Globalization;
using System.Text;

namespace AgentRuntime.Engine.Chat.Jinja.Values;

/// <summary>Text by code point. Text without surrogates, which is nearly all, takes the short way.</summary>
internal static class CodePoints
{
    /// <summary>Number of code points.</summary>
    public static int Count(string text)
    {
        if (!HasSurrogates(text)) return text.Length;
        var count = 0;
        for (var i = 0; i < text.Length; i += Width(text, i)) count++;
        return count;
    }

    /// <summary>The code points, each as a text of its own.</summary>
    public static IEnumerable<string> Split(string text)
    {
        for (var i = 0; i < text.Length;)
        {
            var width = Width(text, i);
            yield return text.Substring(i, width);
            i += width;
        }
    }

    /// <summary>The code point at an index, negative ones counted from the end, or null.</summary>
    public static string? At(string text, int index)
    {
        if (index < 0) index += Count(text);
        if (index < 0) return null;
        if (!HasSurrogates(text)) return index < text.Length ? text.Substring(index, 1) : null;
        return Split(text).ElementAtOrDefault(index);
    }

    /// <summary>The UTF-16 position of a code point.</summary>
    public static int Position(string text, int index)
    {
        if (!HasSurrogates(text)) return Math.Min(index, text.Length);
        var position = 0;
        while (index-- > 0 && position < text.Length) position += Width(text, position);
        return position;
    }

    /// <summary>Whether Python prints it as it is in <c>repr</c>.</summary>
    public static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);

    /// <summary>Whether Python's <c>isspace</c> holds.</summary>
    public static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1c' and <= '\x1f';

    private static bool HasSurrogates(string text) => text.AsSpan().IndexOfAnyInRange('\ud800', '\udfff') >= 0;

    private static int Width(string text, int i) =>
        char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]) ? 2 : 1;
}
