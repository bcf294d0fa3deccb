using System.Text.RegularExpressions;

namespace AgentRuntime.Engine.Tokenization;

/// <summary>A pattern each of whose matches is a word, and so is what lies between two matches.</summary>
internal sealed class RegexPreTokenizer(Regex pattern) : PreTokenizer
{
    internal override void SplitBmp(ReadOnlySpan<char> text, List<int> ends)
    {
        var position = 0;
        foreach (var match in pattern.EnumerateMatches(text))
        {
            if (match.Length == 0) continue;
            if (match.Index > position) ends.Add(match.Index);
            position = match.Index + match.Length;
            ends.Add(position);
        }

        if (position < text.Length) ends.Add(text.Length);
    }
}
