using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Tests.Tokenization;

/// <summary>Small vocabularies made on the spot.</summary>
internal static class TestVocabularies
{
    /// <summary>Byte-level BPE: the 256 bytes first, then what each merge gives, then special tokens.</summary>
    public static VocabularyData BytePair(string preTokenizer, string[] merges, params (string Text, TokenType Type)[] special)
    {
        var tokens = Enumerable.Range(0, 256).Select(value => ByteAlphabet.Write((byte)value).ToString()).ToList();
        foreach (var merge in merges) tokens.Add(merge.Replace(" ", "", StringComparison.Ordinal));
        var types = Enumerable.Repeat(TokenType.Normal, tokens.Count).ToList();
        foreach (var (text, type) in special)
        {
            tokens.Add(text);
            types.Add(type);
        }

        return new VocabularyData { Model = "gpt2", PreTokenizer = preTokenizer, Tokens = tokens, Types = types, Merges = merges };
    }

    /// <summary>Byte-level BPE with merges for some code, ChatML's control tokens and a user-defined token.</summary>
    public static VocabularyData Code(string preTokenizer) => BytePair(
        preTokenizer,
        ["r e", "t u", "re tu", "retu r", "retur n", "Ġ retu", "Ġ Ġ", "ĠĠ ĠĠ", "i n", "in t", "Ġ int", "a dd", "d d", "a dd", "Ã ©"],
        ("<|endoftext|>", TokenType.Control),
        ("<|im_start|>", TokenType.Control),
        ("<|im_end|>", TokenType.Control),
        ("<tool_call>", TokenType.UserDefined),
        ("<tool", TokenType.UserDefined));

    /// <summary>SentencePiece: unknown, BOS, EOS, the bytes, and some entries with descending scores.</summary>
    public static VocabularyData SentencePiece(bool? addSpacePrefix = null, params (string Text, float Score)[] entries)
    {
        List<string> tokens = ["<unk>", "<s>", "</s>"];
        List<TokenType> types = [TokenType.Unknown, TokenType.Control, TokenType.Control];
        for (var value = 0; value < 256; value++)
        {
            tokens.Add($"<0x{value:X2}>");
            types.Add(TokenType.Byte);
        }

        var scores = Enumerable.Repeat(0f, tokens.Count).ToList();
        foreach (var (text, score) in entries)
        {
            tokens.Add(text);
            types.Add(TokenType.Normal);
            scores.Add(score);
        }

        return new VocabularyData
        {
            Model = "llama",
            Tokens = tokens,
            Types = types,
            Scores = scores,
            BosToken = 1,
            EosToken = 2,
            UnknownToken = 0,
            AddSpacePrefix = addSpacePrefix,
        };
    }
}
