namespace AgentRuntime.Engine.Tokenization;

/// <summary>
/// GPT-2's pattern, by hand for speed:
/// <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>.
/// </summary>
internal sealed class Gpt2PreTokenizer : PreTokenizer
{
    internal override void SplitBmp(ReadOnlySpan<char> text, List<int> ends)
    {
        for (var position = 0; position < text.Length;)
        {
            position = WordEnd(text, position);
            ends.Add(position);
        }
    }

    private static int WordEnd(ReadOnlySpan<char> text, int start)
    {
        var contraction = CharClass.Contraction(text, start, ignoreCase: false);
        if (contraction > 0) return start + contraction;

        var body = text[start] == ' ' && start + 1 < text.Length ? start + 1 : start;
        var charClass = CharClass.Of(text[body]);
        if (charClass != CharClass.Space) return CharClass.RunEnd(text, body, charClass);

        // The last of several spaces before a word belongs to the word.
        var end = CharClass.RunEnd(text, start, CharClass.Space);
        return end < text.Length && end - start > 1 ? end - 1 : end;
    }
}
