namespace AgentRuntime.Engine.Tokenization;

/// <summary>Text to token ids and back. Immutable and safe for concurrent use.</summary>
public abstract class Tokenizer
{
    /// <summary>The vocabulary that it was made from.</summary>
    public abstract VocabularyData Vocabulary { get; }

    /// <summary>Number of entries.</summary>
    public int VocabularySize => Vocabulary.Tokens.Count;

    /// <summary>Ids that end a reply (end of sequence, end of turn, end of message).</summary>
    public abstract IReadOnlySet<int> EndTokens { get; }

    /// <summary>Whether a raw prompt (one that no chat template wrote) starts with the BOS token.</summary>
    public virtual bool AddsBos => Vocabulary.AddBos ?? false;

    /// <summary>Encodes text, without BOS or EOS.</summary>
    /// <param name="text">Any text; lone surrogates are replaced.</param>
    /// <param name="parseSpecial">
    /// True for text of a chat template: control tokens written in it become those tokens. False for a user's text, in
    /// which they stay text (user-defined tokens are recognised in either case).
    /// </param>
    public abstract int[] Encode(string text, bool parseSpecial);

    /// <summary>The bytes that a token stands for; control tokens give their name's bytes when <paramref name="special"/> is true, else none.</summary>
    public abstract ReadOnlyMemory<byte> Bytes(int token, bool special);

    /// <summary>Decodes whole sequences; broken UTF-8 becomes U+FFFD.</summary>
    public abstract string Decode(IEnumerable<int> tokens, bool special);

    /// <summary>The id of an entry written exactly so (control and added tokens by their name), or null.</summary>
    public abstract int? Find(string token);
}
