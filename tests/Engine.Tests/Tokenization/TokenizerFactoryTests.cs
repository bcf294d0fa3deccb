using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Tests.Tokenization;

public class TokenizerFactoryTests
{
    [Fact]
    public void Refuses_what_it_does_not_know_or_what_contradicts_itself()
    {
        var good = TestVocabularies.Code("qwen2");
        Refuses(good with { Model = "bert" }, "'bert'");
        Refuses(good with { PreTokenizer = "martian" }, "'martian'");
        Refuses(good with { Types = [] }, "0 token types");
        Refuses(good with { Scores = [1] }, "1 scores");
        Refuses(good with { EosToken = 100_000 }, "100000");
        Refuses(good with { BosToken = -1 }, "-1");
        Refuses(good with { Merges = ["ab"] }, "merge 0");
        Refuses(good with { Merges = ["a b", " a"] }, "merge 1");
        Refuses(TestVocabularies.SentencePiece() with { Tokens = [.. TestVocabularies.SentencePiece().Tokens.Select(entry => entry == "<0x0A>" ? "<0x0G>" : entry)] }, "0x0G");
    }

    [Fact]
    public void An_entry_that_occurs_twice_is_found_at_its_first_place()
    {
        var tokenizer = TokenizerFactory.Create(TestVocabularies.BytePair("gpt-2", [], ("a", TokenType.Normal), ("", TokenType.Control), ("<x>", TokenType.Control), ("<x>", TokenType.Control)));
        Assert.Equal(['a'], tokenizer.Encode("a", parseSpecial: false));
        Assert.Equal([258], tokenizer.Encode("<x>", parseSpecial: true));
        Assert.Null(tokenizer.Find("<y>"));
    }

    [Fact]
    public void End_tokens_are_those_the_file_names_and_those_known_by_name()
    {
        var data = TestVocabularies.Code("qwen2");
        var tokenizer = TokenizerFactory.Create(data with { EosToken = 65, EotToken = 66 });
        Assert.Equal([65, 66, tokenizer.Find("<|endoftext|>")!.Value, tokenizer.Find("<|im_end|>")!.Value], tokenizer.EndTokens.Order());
    }

    [Fact]
    public void A_name_that_is_ordinary_text_ends_nothing()
    {
        var tokenizer = TokenizerFactory.Create(TestVocabularies.BytePair("gpt-2", [], ("</s>", TokenType.Normal)));
        Assert.Empty(tokenizer.EndTokens);
    }

    [Fact]
    public void In_the_harmony_format_a_message_end_does_not_end_the_reply()
    {
        var tokenizer = TokenizerFactory.Create(TestVocabularies.BytePair(
            "gpt-4o", [], ("<|end|>", TokenType.Control), ("<|return|>", TokenType.Control), ("<|call|>", TokenType.Control)));
        Assert.Equal([257, 258], tokenizer.EndTokens.Order());
    }

    [Fact]
    public void A_raw_prompt_starts_with_BOS_where_the_file_or_the_family_says_so()
    {
        Assert.True(TokenizerFactory.Create(TestVocabularies.SentencePiece()).AddsBos);
        Assert.True(TokenizerFactory.Create(TestVocabularies.Code("llama-bpe")).AddsBos);
        Assert.False(TokenizerFactory.Create(TestVocabularies.Code("llama-bpe") with { AddBos = false }).AddsBos);
        Assert.False(TokenizerFactory.Create(TestVocabularies.Code("qwen2")).AddsBos);
    }

    private static void Refuses(VocabularyData vocabulary, string expected) =>
        Assert.Contains(expected, Assert.Throws<ModelFormatException>(() => TokenizerFactory.Create(vocabulary)).Message, StringComparison.Ordinal);
}
