using System.Text;
using AgentRuntime.Engine.Tokenization;
using CsCheck;

namespace AgentRuntime.Engine.Tests.Tokenization;

public class BytePairTokenizerTests
{
    private static readonly string[] PreTokenizerNames =
        ["tiny-coder", "gpt-2", "llama-bpe", "qwen2", "qwen35", "starcoder", "falcon", "default", "deepseek-llm", "deepseek-coder", "deepseek-v3", "gpt-4o", "tekken", "seed-coder", "bailingmoe", "minicpm5", "bloom", "viking"];

    [Fact]
    public void Merges_by_rank_and_the_leftmost_first()
    {
        var tokenizer = TokenizerFactory.Create(TestVocabularies.BytePair("gpt-2", ["b c", "a b", "a a"]));
        Assert.Equal(["a", "bc"], Entries(tokenizer, "abc"));
        Assert.Equal(["aa", "aa", "a"], Entries(tokenizer, "aaaaa"));
        Assert.Equal(["ab", "a"], Entries(tokenizer, "aba"));
    }

    [Fact]
    public void Long_words_merge_as_short_ones_do()
    {
        // Ranks chosen so that each merge changes what its neighbours may do.
        var tokenizer = TokenizerFactory.Create(TestVocabularies.BytePair("gpt-2", ["a b", "b a", "ab a", "aba b", "b b", "ba ba", "bb a", "a a"]));
        Gen.Char['a', 'c'].Array[1, 120].Sample(characters => Assert.Equal(Slowly(tokenizer.Vocabulary, characters), Entries(tokenizer, new string(characters))));
    }

    [Fact]
    public void Any_text_decodes_to_itself()
    {
        foreach (var name in PreTokenizerNames)
        {
            var tokenizer = TokenizerFactory.Create(TestVocabularies.Code(name));
            TestTexts.Any.Sample(text => Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text, parseSpecial: false), special: true)), iter: 300);
            TestTexts.Any.Sample(text => Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text, parseSpecial: true), special: true)), iter: 300);
        }
    }

    [Fact]
    public void A_lone_surrogate_becomes_the_replacement_character()
    {
        var tokenizer = TokenizerFactory.Create(TestVocabularies.Code("qwen2"));
        Assert.Equal("a\uFFFDb\uFFFD", tokenizer.Decode(tokenizer.Encode("a\uD83Db\uDE00", parseSpecial: false), special: false));
    }

    [Fact]
    public void Control_tokens_come_only_from_template_text()
    {
        var tokenizer = TokenizerFactory.Create(TestVocabularies.Code("qwen2"));
        var end = tokenizer.Find("<|im_end|>")!.Value;
        Assert.Equal([end], tokenizer.Encode("<|im_end|>", parseSpecial: true));

        var asText = tokenizer.Encode("<|im_end|>", parseSpecial: false);
        Assert.DoesNotContain(end, asText);
        Assert.Equal("<|im_end|>", tokenizer.Decode(asText, special: false));
    }

    [Fact]
    public void User_defined_tokens_come_from_any_text_and_the_longest_wins()
    {
        var tokenizer = TokenizerFactory.Create(TestVocabularies.Code("qwen2"));
        Assert.Equal(["a", "<tool_call>", "b"], Entries(tokenizer, "a<tool_call>b"));
        Assert.Equal(["<tool", "s"], Entries(tokenizer, "<tools"));
    }

    [Fact]
    public void Control_tokens_show_only_when_asked_for()
    {
        var tokenizer = TokenizerFactory.Create(TestVocabularies.Code("qwen2"));
        var tokens = tokenizer.Encode("<|im_start|>é<tool_call><|im_end|>", parseSpecial: true);
        Assert.Equal("é<tool_call>", tokenizer.Decode(tokens, special: false));
        Assert.Equal("<|im_start|>é<tool_call><|im_end|>", tokenizer.Decode(tokens, special: true));
        Assert.True(tokenizer.Bytes(tokens[0], special: false).IsEmpty);
        Assert.Equal("<|im_start|>"u8, tokenizer.Bytes(tokens[0], special: true).Span);
    }

    [Fact]
    public void A_merge_whose_result_has_no_token_falls_apart_into_bytes()
    {
        var data = TestVocabularies.BytePair("gpt-2", []) with { Merges = ["x y", "xy z"] };
        var tokenizer = TokenizerFactory.Create(data);
        Assert.Equal(["x", "y", "z"], Entries(tokenizer, "xyz"));
    }

    [Fact]
    public void A_step_without_a_token_still_leads_to_one_that_has()
    {
        var data = TestVocabularies.BytePair("gpt-2", ["xy z"]) with { Merges = ["x y", "xy z"] };
        Assert.Equal(["xyz"], Entries(TokenizerFactory.Create(data), "xyz"));
    }

    [Fact]
    public void Llama3_takes_a_whole_word_that_no_merge_leads_to()
    {
        var data = TestVocabularies.BytePair("llama-bpe", ["Ġ word"]) with { Merges = [] };
        Assert.Equal([" word"], Entries(TokenizerFactory.Create(data), " word"));
        Assert.Equal([" ", "w", "o", "r", "d"], Entries(TokenizerFactory.Create(data with { PreTokenizer = "qwen2" }), " word"));
    }

    [Fact]
    public void An_entry_outside_the_alphabet_is_its_own_text()
    {
        var data = TestVocabularies.BytePair("gpt-2", [], ("日本", TokenType.Normal));
        var tokenizer = TokenizerFactory.Create(data);
        Assert.Equal("日本", tokenizer.Decode([tokenizer.Find("日本")!.Value], special: false));
    }

    [Fact]
    public void A_missing_byte_becomes_the_unknown_token_or_nothing()
    {
        var data = new VocabularyData { Model = "gpt2", PreTokenizer = "gpt-2", Tokens = ["a", "<unk>"], Types = [TokenType.Normal, TokenType.Unknown] };
        Assert.Equal([0, 0], TokenizerFactory.Create(data).Encode("aba", parseSpecial: false));
        Assert.Equal([0, 1, 0], TokenizerFactory.Create(data with { UnknownToken = 1 }).Encode("aba", parseSpecial: false));
    }

    [Fact]
    public void A_very_long_word_is_no_trouble()
    {
        var tokenizer = TokenizerFactory.Create(TestVocabularies.BytePair("gpt-2", ["a a", "aa aa", "aaaa aaaa"]));
        Assert.Equal(1 << 15, tokenizer.Encode(new string('a', 1 << 18), parseSpecial: false).Length);
    }

    [Fact]
    public void An_id_outside_the_vocabulary_is_named()
    {
        var tokenizer = TokenizerFactory.Create(TestVocabularies.Code("qwen2"));
        Assert.Contains("99999", Assert.Throws<EngineException>(() => tokenizer.Decode([99999], special: false)).Message, StringComparison.Ordinal);
        Assert.Throws<EngineException>(() => tokenizer.Bytes(-1, special: true));
    }

    private static string[] Entries(Tokenizer tokenizer, string text) =>
        [.. tokenizer.Encode(text, parseSpecial: false).Select(id => Encoding.UTF8.GetString(tokenizer.Bytes(id, special: true).Span))];

    /// <summary>The definition of BPE, word for word.</summary>
    private static List<string> Slowly(VocabularyData vocabulary, char[] characters)
    {
        var pieces = characters.Select(c => c.ToString()).ToList();
        while (true)
        {
            // One merge a round: the first in rank that occurs, where it occurs first.
            var places = vocabulary.Merges.Select(merge => IndexOf(pieces, merge));
            var place = places.FirstOrDefault(index => index >= 0, -1);
            if (place < 0) return pieces;
            pieces[place] += pieces[place + 1];
            pieces.RemoveAt(place + 1);
        }
    }

    private static int IndexOf(List<string> pieces, string merge)
    {
        for (var i = 0; i + 1 < pieces.Count; i++)
            if (pieces[i] + " " + pieces[i + 1] == merge) return i;
        return -1;
    }
}
