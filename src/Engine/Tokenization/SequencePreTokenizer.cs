namespace AgentRuntime.Engine.Tokenization;

/// <summary>Several in a row: each cuts the words of the one before, and sees nothing beyond the word.</summary>
internal sealed class SequencePreTokenizer(params PreTokenizer[] stages) : PreTokenizer
{
    internal override void SplitBmp(ReadOnlySpan<char> text, List<int> ends)
    {
        var words = new List<int> { text.Length };
        var cut = new List<int>();
        foreach (var stage in stages)
        {
            cut.Clear();
            var start = 0;
            foreach (var end in words)
            {
                var first = cut.Count;
                stage.SplitBmp(text[start..end], cut);
                for (var i = first; i < cut.Count; i++) cut[i] += start;
                start = end;
            }

            (words, cut) = (cut, words);
        }

        ends.AddRange(words);
    }
}
