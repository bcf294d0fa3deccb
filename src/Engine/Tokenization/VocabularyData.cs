namespace AgentRuntime.Engine.Tokenization;

/// <summary>A vocabulary as a model file states it, in GGUF's terms; checked for consistency by whoever made it.</summary>
public sealed record VocabularyData
{
    /// <summary>The algorithm: <c>gpt2</c> (byte-level BPE) or <c>llama</c> (SentencePiece).</summary>
    public required string Model { get; init; }

    /// <summary>Name of the pre-tokenizer, for instance <c>qwen2</c>, <c>llama-bpe</c>, <c>gpt-2</c>; null when not stated.</summary>
    public string? PreTokenizer { get; init; }

    /// <summary>The entries, by id; byte-level BPE in its byte alphabet.</summary>
    public required IReadOnlyList<string> Tokens { get; init; }

    /// <summary>The entries' kinds, as many as <see cref="Tokens"/>.</summary>
    public required IReadOnlyList<TokenType> Types { get; init; }

    /// <summary>The entries' scores (SentencePiece), as many as <see cref="Tokens"/>, or empty.</summary>
    public IReadOnlyList<float> Scores { get; init; } = [];

    /// <summary>BPE merges in order of rank, each <c>left right</c>.</summary>
    public IReadOnlyList<string> Merges { get; init; } = [];

    /// <summary>Beginning-of-sequence token, or null.</summary>
    public int? BosToken { get; init; }

    /// <summary>End-of-sequence token, or null.</summary>
    public int? EosToken { get; init; }

    /// <summary>End-of-turn token where it differs from <see cref="EosToken"/>, or null.</summary>
    public int? EotToken { get; init; }

    /// <summary>Token for the unknown, or null.</summary>
    public int? UnknownToken { get; init; }

    /// <summary>Padding token, or null.</summary>
    public int? PaddingToken { get; init; }

    /// <summary>Whether a prompt starts with <see cref="BosToken"/>; null when not stated.</summary>
    public bool? AddBos { get; init; }

    /// <summary>Whether a prompt ends with <see cref="EosToken"/>; null when not stated.</summary>
    public bool? AddEos { get; init; }

    /// <summary>Whether SentencePiece puts a space before the text; null when not stated.</summary>
    public bool? AddSpacePrefix { get; init; }
}
