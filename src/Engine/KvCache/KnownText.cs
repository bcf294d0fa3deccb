using System.Text;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.KvCache;

/// <summary>A text in UTF-8 with its tokens and where each ends.</summary>
/// <param name="Text">The bytes, as far as the tokens agree with them.</param>
/// <param name="Tokens">The tokens.</param>
/// <param name="Ends">For each token, the byte after it.</param>
internal sealed record KnownText(byte[] Text, int[] Tokens, int[] Ends)
{
    /// <summary>Bytes of memory that it takes, roughly.</summary>
    public long Size => Text.Length + 8L * Tokens.Length;

    /// <summary>Finds the place of each token in the text; the first that does not fit ends it.</summary>
    public static KnownText Align(Tokenizer tokenizer, string text, IReadOnlyList<int> tokens)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var ends = new List<int>(tokens.Count);
        var end = 0;
        foreach (var token in tokens)
        {
            var piece = tokenizer.Bytes(token, special: true).Span;
            if (!bytes.AsSpan(end).StartsWith(piece))
            {
                // SentencePiece puts a space before a text that the text does not have.
                if (piece.IsEmpty || piece[0] != ' ' || !bytes.AsSpan(end).StartsWith(piece[1..])) break;
                piece = piece[1..];
            }
            end += piece.Length;
            ends.Add(end);
        }
        return new(bytes[..end], [.. tokens.Take(ends.Count)], [.. ends]);
    }

    /// <summary>Whether a character ends after the first <paramref name="count"/> tokens.</summary>
    public bool IsBoundary(int count) => Ends[count - 1] == Text.Length || (Text[Ends[count - 1]] & 0xC0) != 0x80;

    /// <summary>The most tokens that end with a character within the first <paramref name="length"/> bytes.</summary>
    public int TokensWithin(int length)
    {
        var count = Array.BinarySearch(Ends, length);
        count = count < 0 ? ~count : count + 1;
        while (count < Ends.Length && Ends[count] == length) count++;
        while (count > 0 && !IsBoundary(count)) count--;
        return count;
    }

    /// <summary>Whether this is <paramref name="earlier"/> with more after it, or the same.</summary>
    public bool Continues(KnownText earlier) =>
        Text.AsSpan().StartsWith(earlier.Text) && Tokens.AsSpan().StartsWith(earlier.Tokens);
}
