using System.Text;

namespace AgentRuntime.Engine.Tokenization;

/// <summary>
/// Turns a stream of tokens into text as it comes, whole characters only: bytes of a character that is not complete yet
/// wait for the tokens that complete it. The pieces joined are what <see cref="Tokenizer.Decode"/> gives.
/// Not safe for concurrent use: one per stream.
/// </summary>
public sealed class IncrementalDetokenizer
{
    private readonly Tokenizer tokenizer;
    private readonly bool special;
    private readonly Decoder decoder = Encoding.UTF8.GetDecoder();
    private bool dropSpace;

    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="special">Whether control tokens show by name or not at all.</param>
    /// <param name="continues">Whether text stands before the stream, so that a space at its start is part of the text.</param>
    public IncrementalDetokenizer(Tokenizer tokenizer, bool special = false, bool continues = false)
    {
        this.tokenizer = tokenizer;
        this.special = special;

        // SentencePiece puts a space before the text that it encodes; the first space is that one.
        dropSpace = !continues && tokenizer.Vocabulary is { Model: "llama", AddSpacePrefix: not false };
    }

    /// <summary>Takes the next token.</summary>
    /// <returns>The text that is complete now; often empty in the middle of a character.</returns>
    /// <exception cref="EngineException">The id is not in the vocabulary.</exception>
    public string Push(int token)
    {
        var bytes = tokenizer.Bytes(token, special).Span;
        if (bytes.IsEmpty) return "";
        if (dropSpace && bytes[0] == (byte)' ') bytes = bytes[1..];
        dropSpace = false;
        return Decode(bytes, flush: false);
    }

    /// <summary>Ends the stream.</summary>
    /// <returns>U+FFFD when it ended inside a character, else nothing.</returns>
    public string Flush() => Decode([], flush: true);

    private string Decode(ReadOnlySpan<byte> bytes, bool flush)
    {
        var count = decoder.GetCharCount(bytes, flush);
        if (count == 0 && !flush)
        {
            decoder.GetChars(bytes, [], flush); // keeps the incomplete bytes
            return "";
        }

        Span<char> chars = count <= 256 ? stackalloc char[count] : new char[count];
        decoder.GetChars(bytes, chars, flush);
        return chars.ToString();
    }
}
