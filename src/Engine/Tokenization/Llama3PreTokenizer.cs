namespace AgentRuntime.Engine.Tokenization;

/// <summary>
/// The pattern of Llama 3 and, with single digits, of Qwen 2, by hand for speed:
/// <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,D}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>.
/// </summary>
/// <param name="digits">D, the most digits in a word.</param>
internal sealed class Llama3PreTokenizer(int digits) : PreTokenizer
{
    internal override void SplitBmp(ReadOnlySpan<char> text, List<int> ends)
    {
        for (var position = 0; position < text.Length;)
        {
            position = WordEnd(text, position);
            ends.Add(position);
        }
    }

    private int WordEnd(ReadOnlySpan<char> text, int start)
    {
        var contraction = CharClass.Contraction(text, start, ignoreCase: true);
        if (contraction > 0) return start + contraction;

        var first = text[start];
        var charClass = CharClass.Of(first);
        if (charClass == CharClass.Letter) return CharClass.RunEnd(text, start, CharClass.Letter);
        if (charClass == CharClass.Number) return start + Math.Min(digits, CharClass.RunEnd(text, start, CharClass.Number) - start);

        var next = start + 1 < text.Length ? CharClass.Of(text[start + 1]) : CharClass.Space;
        if (next == CharClass.Letter && first is not ('\r' or '\n')) return CharClass.RunEnd(text, start + 1, CharClass.Letter);

        if (charClass == CharClass.Other || (first == ' ' && next == CharClass.Other))
        {
            var end = CharClass.RunEnd(text, start + 1, CharClass.Other);
            while (end < text.Length && text[end] is '\r' or '\n') end++;
            return end;
        }

        return SpaceEnd(text, start);
    }

    /// <summary>White space up to its last line break; without one, all but the last, which belongs to the word after it.</summary>
    private static int SpaceEnd(ReadOnlySpan<char> text, int start)
    {
        var end = CharClass.RunEnd(text, start, CharClass.Space);
        var lineBreak = text[start..end].LastIndexOfAny('\r', '\n');
        if (lineBreak >= 0) return start + lineBreak + 1;
        return end < text.Length && end - start > 1 ? end - 1 : end;
    }
}
