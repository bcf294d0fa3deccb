using System.Buffers;
using System.Text;

namespace AgentRuntime.Engine.Tokenization;

/// <summary>
/// Byte-level byte-pair encoding (GPT-2 and most current models): text is cut into words by the model's pre-tokenizer,
/// each word starts as its UTF-8 bytes, and neighbours merge by rank.
/// </summary>
/// <remarks>
/// Microsoft.ML.Tokenizers 2.0.1 is not used: with Qwen 2's vocabulary it gives the same ids, but takes some eight times
/// as long to encode and to load; it refuses merges whose result has no entry, and to its patterns a character beyond
/// U+FFFF is two surrogates.
/// A piece is a token's id, or from <c>VocabularySize</c> on a step of merging that has no token of its own.
/// </remarks>
internal sealed class BytePairTokenizer : VocabularyTokenizer
{
    private const int LongestWholeWord = 512; // bytes; entries are at most some 128 long

    private readonly PreTokenizerSettings pre;
    private readonly MergeTable merges;
    private readonly int[] bytePieces = new int[256];
    private readonly List<int[]> expansions = [];

    public BytePairTokenizer(VocabularyData vocabulary) : base(vocabulary, WriteText)
    {
        pre = PreTokenizers.Get(vocabulary.PreTokenizer);
        merges = new MergeTable(vocabulary.Merges.Count);

        var others = new Dictionary<string, int>(StringComparer.Ordinal);
        Span<char> character = stackalloc char[1];
        for (var value = 0; value < 256; value++)
        {
            character[0] = ByteAlphabet.Write((byte)value);
            bytePieces[value] = Piece(character, others);
        }

        for (var rank = 0; rank < vocabulary.Merges.Count; rank++) AddMerge(vocabulary.Merges[rank], rank, others);
    }

    public override bool AddsBos => Vocabulary.AddBos ?? pre.AddsBos;

    protected override void EncodeText(ReadOnlySpan<char> text, bool afterSpecial, List<int> output)
    {
        var ends = new List<int>(text.Length / 4 + 4);
        pre.Splitter.Split(text, ends);
        var start = 0;
        foreach (var end in ends)
        {
            EncodeWord(text[start..end], output);
            start = end;
        }
    }

    protected override void EncodeNewWord(ReadOnlySpan<char> word, List<int> output)
    {
        var length = Encoding.UTF8.GetByteCount(word);
        var bytes = length <= 256 ? stackalloc byte[length] : new byte[length];
        Encoding.UTF8.GetBytes(word, bytes);
        if (pre.WholeWordsFirst && WholeWord(bytes) is var whole and >= 0)
        {
            output.Add(whole);
            return;
        }

        var pieces = length <= 256 ? stackalloc int[length] : new int[length];
        for (var i = 0; i < length; i++) pieces[i] = bytePieces[bytes[i]];
        foreach (var piece in pieces[..PairMerger.Merge(merges, pieces)])
        {
            if (piece < VocabularySize) output.Add(piece);
            else output.AddRange(expansions[piece - VocabularySize].AsSpan());
        }
    }

    private int WholeWord(ReadOnlySpan<byte> word)
    {
        if (word.Length > LongestWholeWord) return -1;
        Span<char> entry = stackalloc char[word.Length];
        for (var i = 0; i < word.Length; i++) entry[i] = ByteAlphabet.Write(word[i]);
        return TextToken(entry);
    }

    private void AddMerge(string merge, int rank, Dictionary<string, int> others)
    {
        // From the second character on: the left piece may itself start with a space in a few vocabularies.
        var space = merge.Length > 1 ? merge.IndexOf(' ', 1) : -1;
        if (space < 0 || space == merge.Length - 1)
            throw new ModelFormatException($"Merge {rank} of the vocabulary is '{merge}' and not two pieces with a space between them.");
        var left = merge.AsSpan(0, space);
        var right = merge.AsSpan(space + 1);
        Span<char> merged = merge.Length <= 256 ? stackalloc char[merge.Length - 1] : new char[merge.Length - 1];
        left.CopyTo(merged);
        right.CopyTo(merged[space..]);
        merges.Add(Piece(left, others), Piece(right, others), rank, Piece(merged, others));
    }

    private int Piece(ReadOnlySpan<char> entry, Dictionary<string, int> others)
    {
        var token = TextToken(entry);
        if (token >= 0) return token;
        var lookup = others.GetAlternateLookup<ReadOnlySpan<char>>();
        if (lookup.TryGetValue(entry, out var piece)) return piece;
        piece = VocabularySize + expansions.Count;
        lookup[entry] = piece;
        expansions.Add(ByteTokens(entry));
        return piece;
    }

    /// <summary>What is left of a piece without a token: its bytes' tokens; the unknown token, or nothing, for a byte that has none.</summary>
    private int[] ByteTokens(ReadOnlySpan<char> entry)
    {
        var tokens = new List<int>();
        for (var i = 0; i < entry.Length; i++)
        {
            var token = TextToken(entry.Slice(i, 1));
            if (token < 0) token = Vocabulary.UnknownToken ?? -1;
            if (token >= 0) tokens.Add(token);
        }

        return [.. tokens];
    }

    // An entry with a character outside the alphabet is text that was added as it is.
    private static void WriteText(string entry, ArrayBufferWriter<byte> bytes)
    {
        if (!ByteAlphabet.TryRead(entry, bytes)) Encoding.UTF8.GetBytes(entry, bytes);
    }
}
