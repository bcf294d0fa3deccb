using System.Buffers;
using System.Text;

namespace AgentRuntime.Engine.Tokenization;

/// <summary>What both algorithms share: special tokens, the word cache, names and bytes of tokens.</summary>
internal abstract class VocabularyTokenizer : Tokenizer
{
    private readonly VocabularyData vocabulary;
    private readonly SpecialTokens specialTokens;
    private readonly TokenBytes bytes;
    private readonly EntryTable entries;
    private readonly WordCache cache = new();

    protected VocabularyTokenizer(VocabularyData vocabulary, Action<string, ArrayBufferWriter<byte>> writeText)
    {
        this.vocabulary = vocabulary;
        entries = new EntryTable(vocabulary.Tokens);
        specialTokens = new SpecialTokens(vocabulary);
        bytes = new TokenBytes(vocabulary, writeText);
        EndTokens = EndTokenFinder.Find(vocabulary, Find);
    }

    public override VocabularyData Vocabulary => vocabulary;

    public override IReadOnlySet<int> EndTokens { get; }

    public override int? Find(string token) => entries.Find(token) is var id and >= 0 ? id : null;

    public override int[] Encode(string text, bool parseSpecial)
    {
        ArgumentNullException.ThrowIfNull(text);
        var output = new List<int>(text.Length / 4 + 4);
        var rest = text.AsSpan();
        var afterSpecial = true;
        while (!rest.IsEmpty)
        {
            var (index, length, id) = specialTokens.Find(rest, parseSpecial);
            var plain = id < 0 ? rest : rest[..index];
            if (!plain.IsEmpty) EncodeText(plain, afterSpecial, output);
            if (id < 0) break;
            output.Add(id);
            afterSpecial = true;
            rest = rest[(index + length)..];
        }

        return [.. output];
    }

    public override ReadOnlyMemory<byte> Bytes(int token, bool special)
    {
        if ((uint)token >= (uint)VocabularySize)
            throw new EngineException($"Token id {token} is not in the vocabulary, whose ids are 0 to {VocabularySize - 1}.");
        var hidden = !special && vocabulary.Types[token] is TokenType.Control or TokenType.Unknown or TokenType.Unused;
        return hidden ? default : bytes[token];
    }

    public override string Decode(IEnumerable<int> tokens, bool special)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        var detokenizer = new IncrementalDetokenizer(this, special);
        var text = new StringBuilder();
        foreach (var token in tokens) text.Append(detokenizer.Push(token));
        return text.Append(detokenizer.Flush()).ToString();
    }

    /// <summary>Encodes text that holds no special token.</summary>
    /// <param name="text">Not empty.</param>
    /// <param name="afterSpecial">Whether it stands at the start or after a special token.</param>
    /// <param name="output">Takes the ids.</param>
    protected abstract void EncodeText(ReadOnlySpan<char> text, bool afterSpecial, List<int> output);

    /// <summary>Encodes one word, which depends on nothing around it.</summary>
    protected abstract void EncodeNewWord(ReadOnlySpan<char> word, List<int> output);

    /// <summary>As <see cref="EncodeNewWord"/>, but remembers.</summary>
    protected void EncodeWord(ReadOnlySpan<char> word, List<int> output)
    {
        if (cache.TryAppend(word, output)) return;
        var start = output.Count;
        EncodeNewWord(word, output);
        cache.Remember(word, output, start);
    }

    /// <summary>The entry of ordinary text that is written so, or -1: a user's text never becomes a control token.</summary>
    protected int TextToken(ReadOnlySpan<char> entry)
    {
        var id = entries.Find(entry);
        return id >= 0 && IsText(id) ? id : -1;
    }

    /// <summary>Whether an entry is text that merging may lead to.</summary>
    protected bool IsText(int id) => vocabulary.Types[id] is not (TokenType.Control or TokenType.Unknown or TokenType.Byte);
}
