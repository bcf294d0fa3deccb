using System.Globalization;
using System.Text;

namespace AgentRuntime.Engine.Tokenization;

/// <summary>
/// Text with one UTF-16 unit per character, so that patterns written for characters work: a character beyond U+FFFF is
/// replaced by a stand-in of the same Unicode category. .NET's regular expressions would see two surrogates instead,
/// which are neither letters nor anything else.
/// </summary>
internal static class BmpText
{
    /// <summary>Whether the text has surrogates.</summary>
    public static bool IsNeeded(ReadOnlySpan<char> text) => text.IndexOfAnyInRange('\uD800', '\uDFFF') >= 0;

    /// <summary>Writes the stand-in text.</summary>
    /// <returns>The number of characters written.</returns>
    public static int Collapse(ReadOnlySpan<char> text, Span<char> target)
    {
        var count = 0;
        foreach (var rune in text.EnumerateRunes()) target[count++] = rune.IsBmp ? (char)rune.Value : StandIn(rune);
        return count;
    }

    /// <summary>Turns ascending indices into the stand-in text into indices into the text itself.</summary>
    public static void Expand(ReadOnlySpan<char> text, Span<int> indices)
    {
        var (index, character) = (0, 0);
        foreach (ref var target in indices)
        {
            for (; character < target; character++)
                index += char.IsHighSurrogate(text[index]) && index + 1 < text.Length && char.IsLowSurrogate(text[index + 1]) ? 2 : 1;
            target = index;
        }
    }

    // None of these lies in a range that a pattern lists by code point, except the two for cased alphabets, which
    // DeepSeek's first pattern lists and its others do not.
    private static char StandIn(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.UppercaseLetter => IsListedAlphabet(rune.Value) ? '\u00C0' : '\uA790',
        UnicodeCategory.LowercaseLetter => IsListedAlphabet(rune.Value) ? '\u00B5' : '\u0561',
        UnicodeCategory.TitlecaseLetter => '\u01C5',
        UnicodeCategory.ModifierLetter => '\uA788',
        UnicodeCategory.OtherLetter => '\u05D0',
        UnicodeCategory.NonSpacingMark => '\u0301',
        UnicodeCategory.SpacingCombiningMark => '\uA823',
        UnicodeCategory.EnclosingMark => '\u0488',
        UnicodeCategory.DecimalDigitNumber => '\u0660',
        UnicodeCategory.LetterNumber => '\uA6E6',
        UnicodeCategory.OtherNumber => '\u00B2',
        UnicodeCategory.ConnectorPunctuation => '\uFE33',
        UnicodeCategory.DashPunctuation => '\u058A',
        UnicodeCategory.OpenPunctuation => '\uFD3F',
        UnicodeCategory.ClosePunctuation => '\uFD3E',
        UnicodeCategory.InitialQuotePunctuation => '\u00AB',
        UnicodeCategory.FinalQuotePunctuation => '\u00BB',
        UnicodeCategory.OtherPunctuation => '\u00A1',
        UnicodeCategory.MathSymbol => '\u00AC',
        UnicodeCategory.CurrencySymbol => '\u00A2',
        UnicodeCategory.ModifierSymbol => '\u00A8',
        UnicodeCategory.OtherSymbol => '\u00A6',
        UnicodeCategory.Format => '\u00AD',
        UnicodeCategory.PrivateUse => '\uE000',
        _ => '\u0378', // unassigned
    };

    // Deseret, Osage, Old Hungarian, Warang Citi, Adlam.
    private static bool IsListedAlphabet(int value) => value is (>= 0x10400 and <= 0x1044F) or (>= 0x104B0 and <= 0x104FB)
        or (>= 0x10C80 and <= 0x10CB2) or (>= 0x10CC0 and <= 0x10CF2) or (>= 0x118A0 and <= 0x118DF) or (>= 0x1E900 and <= 0x1E943);
}
