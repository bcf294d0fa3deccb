using AgentRuntime.Engine.Models;

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
        if (VocabularyCheck.Problem(vocabulary) is { } problem) throw new ModelFormatException($"No tokenizer can be made: {problem}.");
        return vocabulary.Model switch
        {
            "gpt2" => new BytePairTokenizer(vocabulary),
            "llama" => new SentencePieceTokenizer(vocabulary),
            _ => throw new ModelFormatException($"The tokenizer '{vocabulary.Model}' is not supported; 'gpt2' (byte-level BPE) and 'llama' (SentencePiece) are."),
        };
    }
}
