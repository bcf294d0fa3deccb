using System.Globalization;

namespace AgentRuntime.Engine.Tokenization;

/// <summary>The four classes of characters that the commonest pre-tokenizers tell apart, looked up in a table.</summary>
internal static class CharClass
{
    /// <summary>Neither of the others.</summary>
    public const byte Other = 0;

    /// <summary>Unicode category L.</summary>
    public const byte Letter = 1;

    /// <summary>Unicode category N.</summary>
    public const byte Number = 2;

    /// <summary>White space.</summary>
    public const byte Space = 3;

    private static readonly byte[] Classes = Build();

    /// <summary>The class of a character.</summary>
    public static byte Of(char c) => Classes[c];

    /// <summary>The end of the run of one class that starts at <paramref name="start"/>.</summary>
    public static int RunEnd(ReadOnlySpan<char> text, int start, byte charClass)
    {
        while (start < text.Length && Classes[text[start]] == charClass) start++;
        return start;
    }

    /// <summary>The length of <c>'s 't 'm 'd 're 've 'll</c> at <paramref name="start"/>, or 0.</summary>
    public static int Contraction(ReadOnlySpan<char> text, int start, bool ignoreCase)
    {
        if (text[start] != '\'' || start + 1 >= text.Length) return 0;
        var lower = ignoreCase ? 0x20 : 0;
        var first = text[start + 1] | lower;
        if (first is 's' or 't' or 'm' or 'd') return 2;
        if (start + 2 >= text.Length) return 0;
        return (first, text[start + 2] | lower) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }

    private static byte[] Build()
    {
        var classes = new byte[char.MaxValue + 1];
        for (var value = 0; value < classes.Length; value++)
        {
            var c = (char)value;
            classes[value] = char.IsWhiteSpace(c) ? Space : char.IsLetter(c) ? Letter : IsNumber(c) ? Number : Other;
        }

        return classes;
    }

    private static bool IsNumber(char c) =>
        char.GetUnicodeCategory(c) is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;
}
