using System.Buffers;
using System.Text;

namespace AgentRuntime.Engine.Tokenization;

/// <summary>
/// SentencePiece's BPE as llama models use it: spaces are written U+2581, text starts as its characters, and the
/// neighbours whose union is the entry with the highest score merge first. A character without an entry becomes the
/// tokens of its UTF-8 bytes.
/// </summary>
/// <remarks>
/// Which pairs merge, and in which order, is worked out once from the entries and their scores, so that encoding is the
/// same loop as byte-level BPE. A piece is a token's id, or the complement of a character that has none.
/// </remarks>
internal sealed class SentencePieceTokenizer : VocabularyTokenizer
{
    private const char Space = '\u2581';
    private const int LongestMerged = 256; // no model's entries are as long; working out merges is quadratic in it

    private readonly MergeTable merges;
    private readonly Dictionary<int, int> characters = [];
    private readonly int[] byteTokens = new int[256];
    private readonly bool addSpacePrefix;
    private readonly bool splitsAtSpaces;

    public SentencePieceTokenizer(VocabularyData vocabulary) : base(vocabulary, WriteText)
    {
        addSpacePrefix = vocabulary.AddSpacePrefix ?? true;
        splitsAtSpaces = !vocabulary.Tokens.Where((_, id) => IsText(id)).Any(HasInnerSpace);
        FindByteTokens();
        merges = BuildMerges();
    }

    public override bool AddsBos => Vocabulary.AddBos ?? true;

    protected override void EncodeText(ReadOnlySpan<char> text, bool afterSpecial, List<int> output)
    {
        var prefix = addSpacePrefix && afterSpecial ? 1 : 0;
        var buffer = ArrayPool<char>.Shared.Rent(text.Length + prefix);
        var escaped = buffer.AsSpan(0, text.Length + prefix);
        escaped[0] = Space;
        text.Replace(escaped[prefix..], ' ', Space);

        while (!escaped.IsEmpty)
        {
            var end = splitsAtSpaces ? WordEnd(escaped) : escaped.Length;
            EncodeWord(escaped[..end], output);
            escaped = escaped[end..];
        }

        ArrayPool<char>.Shared.Return(buffer);
    }

    protected override void EncodeNewWord(ReadOnlySpan<char> word, List<int> output)
    {
        var pieces = word.Length <= 256 ? stackalloc int[word.Length] : new int[word.Length];
        var count = 0;
        foreach (var rune in word.EnumerateRunes()) pieces[count++] = characters.GetValueOrDefault(rune.Value, ~rune.Value);
        foreach (var piece in pieces[..PairMerger.Merge(merges, pieces[..count])])
        {
            if (piece >= 0) output.Add(piece);
            else AddBytes(new Rune(~piece), output);
        }
    }

    /// <summary>A word is a run of spaces and what follows it, since no entry holds a space after another character.</summary>
    private static int WordEnd(ReadOnlySpan<char> text)
    {
        var letters = text.IndexOfAnyExcept(Space);
        if (letters < 0) return text.Length;
        var next = text[letters..].IndexOf(Space);
        return next < 0 ? text.Length : letters + next;
    }

    private static bool HasInnerSpace(string entry)
    {
        var letters = entry.AsSpan().IndexOfAnyExcept(Space);
        return letters >= 0 && entry.IndexOf(Space, letters) >= 0;
    }

    private void AddBytes(Rune rune, List<int> output)
    {
        Span<byte> bytes = stackalloc byte[4];
        var fallback = Vocabulary.UnknownToken ?? -1;
        foreach (var value in bytes[..rune.EncodeToUtf8(bytes)])
        {
            var token = byteTokens[value] >= 0 ? byteTokens[value] : fallback;
            if (token >= 0) output.Add(token);
        }
    }

    private void FindByteTokens()
    {
        Array.Fill(byteTokens, -1);
        for (var id = 0; id < VocabularySize; id++)
            if (Vocabulary.Types[id] == TokenType.Byte) byteTokens[TokenBytes.ParseByte(Vocabulary.Tokens[id], id)] = id;
    }

    private MergeTable BuildMerges()
    {
        for (var id = 0; id < VocabularySize; id++)
        {
            var entry = Vocabulary.Tokens[id];
            if (IsText(id) && IsCharacter(entry, out var rune)) characters.TryAdd(rune.Value, id);
        }

        var pairs = new List<(int Left, int Right, int Merged)>(VocabularySize * 2);
        for (var id = 0; id < VocabularySize; id++)
        {
            var entry = Vocabulary.Tokens[id].AsSpan();
            if (entry.Length > LongestMerged || !IsText(id) || TextToken(entry) != id) continue;
            for (var split = 1; split < entry.Length; split++)
                if (Piece(entry[..split]) is { } left && Piece(entry[split..]) is { } right) pairs.Add((left, right, id));
        }

        var ranks = RankByScore();
        var table = new MergeTable(pairs.Count);
        foreach (var (left, right, merged) in pairs) table.Add(left, right, ranks[merged], merged);
        return table;
    }

    /// <summary>The piece that text can be before it merges further: an entry, or a single character without one.</summary>
    private int? Piece(ReadOnlySpan<char> text)
    {
        var token = TextToken(text);
        if (token >= 0) return token;
        return IsCharacter(text, out var rune) ? ~rune.Value : null;
    }

    private static bool IsCharacter(ReadOnlySpan<char> text, out Rune rune) =>
        Rune.DecodeFromUtf16(text, out rune, out var used) == OperationStatus.Done && used == text.Length;

    /// <summary>Rank 0 for the highest score; equal scores share a rank, so that the leftmost of them merges first.</summary>
    private int[] RankByScore()
    {
        var ranks = new int[VocabularySize];
        if (Vocabulary.Scores.Count == 0) return ranks;
        var order = Enumerable.Range(0, VocabularySize).OrderByDescending(id => Vocabulary.Scores[id]).ToArray();
        for (var i = 1; i < order.Length; i++)
            ranks[order[i]] = ranks[order[i - 1]] + (Vocabulary.Scores[order[i]] == Vocabulary.Scores[order[i - 1]] ? 0 : 1);
        return ranks;
    }

    private static void WriteText(string entry, ArrayBufferWriter<byte> bytes) => Encoding.UTF8.GetBytes(entry.Replace(Space, ' '), bytes);
}
