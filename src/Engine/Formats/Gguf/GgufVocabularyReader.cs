using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Formats.Gguf;

/// <summary>The vocabulary in a GGUF file's <c>tokenizer.ggml.*</c> metadata.</summary>
internal static class GgufVocabularyReader
{
    private const string Prefix = "tokenizer.ggml.";

    /// <summary>Reads and checks it.</summary>
    /// <returns>The vocabulary, or null when the file has none.</returns>
    /// <exception cref="ModelFormatException">It is not consistent.</exception>
    public static VocabularyData? Read(GgufMetadata metadata)
    {
        var model = metadata.Text(Prefix + "model");
        if (model is null or "none") return null;
        var tokens = metadata.Texts(Prefix + "tokens") ?? throw metadata.Error($"metadata key {Prefix}tokens is missing");
        if (tokens.Length == 0) throw metadata.Error($"metadata key {Prefix}tokens is empty");
        var vocabulary = new VocabularyData
        {
            Model = model,
            PreTokenizer = metadata.Text(Prefix + "pre"),
            Tokens = tokens,
            Types = Types(metadata, tokens.Length),
            Scores = metadata.Numbers(Prefix + "scores") ?? [],
            Merges = metadata.Texts(Prefix + "merges") ?? [],
            BosToken = SpecialToken(metadata, "bos_token_id"),
            EosToken = SpecialToken(metadata, "eos_token_id"),
            EotToken = SpecialToken(metadata, "eot_token_id"),
            UnknownToken = SpecialToken(metadata, "unknown_token_id"),
            PaddingToken = SpecialToken(metadata, "padding_token_id"),
            AddBos = metadata.Boolean(Prefix + "add_bos_token"),
            AddEos = metadata.Boolean(Prefix + "add_eos_token"),
            AddSpacePrefix = metadata.Boolean(Prefix + "add_space_prefix"),
        };
        if (VocabularyCheck.Problem(vocabulary) is { } problem) throw metadata.Error(problem);
        return vocabulary;
    }

    private static TokenType[] Types(GgufMetadata metadata, int count)
    {
        var types = metadata.Integers(Prefix + "token_type");
        if (types is not null) return Array.ConvertAll(types, type => (TokenType)type);
        var normal = new TokenType[count];
        Array.Fill(normal, TokenType.Normal);
        return normal;
    }

    /// <summary>An id; -1 stands for none in some files. Whether it is in the vocabulary is checked with the rest.</summary>
    private static int? SpecialToken(GgufMetadata metadata, string key) =>
        metadata.Values.TryGetValue(Prefix + key, out var value) && value.Value is -1 or uint.MaxValue ? null : metadata.Integer(Prefix + key);
}
