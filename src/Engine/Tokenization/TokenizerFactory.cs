namespace AgentRuntime.Engine.Tokenization;

/// <summary>Makes the tokenizer that a vocabulary asks for.</summary>
public static class TokenizerFactory
{
    /// <summary>Creates a tokenizer. It keeps <paramref name="vocabulary"/>, which must not change any more.</summary>
    /// <exception cref="ModelFormatException">
    /// The algorithm or pre-tokenizer is not supported, or the vocabulary contradicts itself.
    /// </exception>
    public static Tokenizer Create(VocabularyData vocabulary)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        Check(vocabulary);
        return vocabulary.Model switch
        {
            "gpt2" => new BytePairTokenizer(vocabulary),
            "llama" => new SentencePieceTokenizer(vocabulary),
            _ => throw new ModelFormatException($"The tokenizer '{vocabulary.Model}' is not supported; 'gpt2' (byte-level BPE) and 'llama' (SentencePiece) are."),
        };
    }

    private static void Check(VocabularyData vocabulary)
    {
        var count = vocabulary.Tokens.Count;
        if (vocabulary.Types.Count != count)
            throw new ModelFormatException($"The vocabulary has {count} tokens but {vocabulary.Types.Count} token types.");
        if (vocabulary.Scores.Count != count && vocabulary.Scores.Count != 0)
            throw new ModelFormatException($"The vocabulary has {count} tokens but {vocabulary.Scores.Count} scores.");
        CheckId("BOS", vocabulary.BosToken, count);
        CheckId("EOS", vocabulary.EosToken, count);
        CheckId("EOT", vocabulary.EotToken, count);
        CheckId("unknown", vocabulary.UnknownToken, count);
        CheckId("padding", vocabulary.PaddingToken, count);
    }

    private static void CheckId(string name, int? id, int count)
    {
        if (id is { } value && (uint)value >= (uint)count)
            throw new ModelFormatException($"The {name} token has id {value}, but the vocabulary has {count} tokens.");
    }
}
