using CsCheck;

namespace AgentRuntime.Engine.Tests.Tokenization;

/// <summary>Generators of well-formed text with what trips tokenizers: spaces, digits, marks, scripts, surrogate pairs.</summary>
internal static class TestTexts
{
    private static readonly string[] Pieces =
    [
        "a", "b", "é", "Z", "ß", "ſ", "return", "Add", "HTTPServer", "x1", "'s", "'S", "'re", "'LL", "'", " ", "  ", "   ", "\t", "\n", "\r\n", "\r", "\n\n",
        "\u00A0", "\u3000", "\u2028", "\u0085", "\u180E", "\u200B", "0", "1", "42", "12345", "²", "Ⅷ", "٣", "½", "!", "?!", "...", "/", "//", "+", "=>", "_", "<|im_end|>", "<tool_call>", "<|",
        "日本語", "ひらがな", "カナ", "한국어", "привет", "Ελλ", "ក្រុម", "e\u0301", "हिन्दी", "ا", "𝐀𝐛", "𐐀𐐨", "🚀", "👨‍👩‍👧", "𠀀", "𝟗", "\U0001F1E9\U0001F1EA", "\U000E0001", "\U000F0000", "\U0010FFFF", "\uFFFD", "\0", "\u0378",
    ];

    /// <summary>Well-formed text.</summary>
    public static Gen<string> Any { get; } = Gen.OneOf(
        Gen.OneOfConst(Pieces).Array[0, 12].Select(string.Concat),
        Gen.Int[0, 0x10FFFF].Where(value => value is < 0xD800 or > 0xDFFF).Select(char.ConvertFromUtf32).Array[0, 8].Select(string.Concat));
}
