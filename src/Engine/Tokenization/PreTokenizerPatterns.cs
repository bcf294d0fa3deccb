using System.Text.RegularExpressions;

namespace AgentRuntime.Engine.Tokenization;

/// <summary>
/// The patterns of pre-tokenizers, as the models' own <c>tokenizer.json</c> files state them (possessive quantifiers and
/// case folding written out), for text of one UTF-16 unit per character.
/// </summary>
internal static partial class PreTokenizerPatterns
{
    private const RegexOptions Options = RegexOptions.CultureInvariant;

    private const string Contraction = "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";
    private const string Spaces = @"\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Upper = @"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]";
    private const string Lower = @"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";
    private const string LeadIn = @"[^\r\n\p{L}\p{N}]?";

    /// <summary>Ours: lines, indents, lower-case words, capitalised words, acronyms, single digits, runs of symbols.</summary>
    [GeneratedRegex(@"\n|  +| ?[a-z]+|[A-Z][a-z]+|[A-Z]+(?![a-z])|[0-9]| ?[^ \t\r\nA-Za-z0-9]+|[ \t\r]", Options)]
    public static partial Regex TinyCoder();

    [GeneratedRegex(@"\p{N}", Options)]
    public static partial Regex Number();

    [GeneratedRegex(@"\p{N}+", Options)]
    public static partial Regex Numbers();

    [GeneratedRegex(@"\p{N}{1,3}", Options)]
    public static partial Regex UpToThreeNumbers();

    [GeneratedRegex("[0-9][0-9][0-9]", Options)]
    public static partial Regex ThreeDigits();

    [GeneratedRegex(@"[\p{P}$+<=>^~|`]+", Options)]
    public static partial Regex FalconPunctuation();

    [GeneratedRegex(@"[\p{P}$+<=>^~|]+", Options)]
    public static partial Regex DefaultPunctuation();

    [GeneratedRegex(@"[\r\n]", Options)]
    public static partial Regex LineBreak();

    [GeneratedRegex(@"\s+\z", Options)]
    public static partial Regex TrailingSpace();

    [GeneratedRegex(@"\s?\p{L}+", Options)]
    public static partial Regex SpacedLetters();

    [GeneratedRegex(@"\s?\p{P}+", Options)]
    public static partial Regex SpacedPunctuation();

    /// <summary>Cased letters of the Basic Multilingual Plane; those beyond it come as U+00B5 and U+00C0 (<see cref="BmpText"/>).</summary>
    [GeneratedRegex(
        @"\s?[A-Za-z\u00B5\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u01BA\u01BC-\u01BF\u01C4-\u0293\u0295-\u02AF\u0370-\u0373\u0376\u0377\u037B-\u037D\u037F\u0386"
        + @"\u0388-\u038A\u038C\u038E-\u03A1\u03A3-\u03F5\u03F7-\u0481\u048A-\u052F\u0531-\u0556\u10A0-\u10C5\u13A0-\u13F5\u13F8-\u13FD\u1C90-\u1CBA\u1CBD-\u1CBF"
        + @"\u1D00-\u1D2B\u1D6B-\u1D77\u1D79-\u1D9A\u1E00-\u1F15\u1F18-\u1F1D\u1F20-\u1F45\u1F48-\u1F4D\u1F50-\u1F57\u1F59\u1F5B\u1F5D\u1F5F-\u1F7D\u1F80-\u1FB4"
        + @"\u1FB6-\u1FBC\u1FBE\u1FC2-\u1FC4\u1FC6-\u1FCC\u1FD0-\u1FD3\u1FD6-\u1FDB\u1FE0-\u1FEC\u1FF2-\u1FF4\u1FF6-\u1FFC\u2102\u2107\u210A-\u2113\u2115\u2119-\u211D"
        + @"\u2124\u2126\u2128\u212A-\u212D\u212F-\u2134\u2139\u213C-\u213F\u2145-\u2149\u214E\u2183\u2184\u2C00-\u2C7B\u2C7E-\u2CE4\u2CEB-\u2CEE\u2CF2\u2CF3\uA640-\uA66D"
        + @"\uA680-\uA69B\uA722-\uA76F\uA771-\uA787\uA78B-\uA78E\uAB70-\uABBF\uFB00-\uFB06\uFB13-\uFB17\uFF21-\uFF3A\uFF41-\uFF5A]+", Options)]
    public static partial Regex DeepSeekLetters();

    [GeneratedRegex(@"\s?[!-/:-~\uFF01-\uFF0F\uFF1A-\uFF5E\u2018-\u201F\u3000-\u3002]+", Options)]
    public static partial Regex DeepSeekSymbols();

    [GeneratedRegex(@"[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF]+", Options)]
    public static partial Regex DeepSeekEastAsian();

    [GeneratedRegex(@"[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+", Options)]
    public static partial Regex HanAndKana();

    [GeneratedRegex(
        @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|" + Spaces, Options)]
    public static partial Regex DeepSeekV3();

    [GeneratedRegex(Contraction + @"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|" + Spaces, Options)]
    public static partial Regex Qwen35();

    [GeneratedRegex(
        LeadIn + Upper + "*" + Lower + "+" + Contraction + "?|" + LeadIn + Upper + "+" + Lower + "*" + Contraction + @"?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|" + Spaces, Options)]
    public static partial Regex Gpt4o();

    [GeneratedRegex(LeadIn + Upper + "*" + Lower + "+|" + LeadIn + Upper + "+" + Lower + @"*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|" + Spaces, Options)]
    public static partial Regex Tekken();

    [GeneratedRegex(Contraction + "|" + LeadIn + @"\p{L}+|\p{N}| ?[^\s\p{L}\p{N}\r\n]+|" + Spaces, Options)]
    public static partial Regex SeedCoder();

    [GeneratedRegex(
        @"'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])|(?>[^\r\n\p{L}\p{N}]?)\p{L}+|\p{N}| ?(?>[^\s\p{L}\p{N}]+)[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+", Options)]
    public static partial Regex BailingMoe();

    [GeneratedRegex(@" ?[^(\s|.,!?\u2026\u3002\uFF0C\u3001\u0964\u06D4\u060C)]+", Options)]
    public static partial Regex Bloom();
}
