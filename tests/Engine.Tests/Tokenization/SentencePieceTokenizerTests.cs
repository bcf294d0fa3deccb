using AgentRuntime.Engine.Tokenization;
using CsCheck;

namespace AgentRuntime.Engine.Tests.Tokenization;

public class SentencePieceTokenizerTests
{
    private static readonly (string, float)[] Entries =
        [("▁a", -1), ("ab", -2), ("▁ab", -3), ("▁▁", -4), ("bc", -2), ("▁", -10), ("a", -11), ("b", -12), ("c", -13), ("é", -14), ("日", -15), ("▁▁▁▁", -5)];

    [Theory]
    [InlineData("ab", "▁ab")] // by way of ▁a, which scores higher than ab
    [InlineData("abc", "▁a|bc")]
    [InlineData("a  b", "▁a|▁▁|b")]
    [InlineData("", "")]
    public void The_highest_score_merges_first(string text, string expected) => Assert.Equal(expected, Names(Create(), text));

    [Fact]
    public void Of_equal_scores_the_leftmost_merges_first() => Assert.Equal("ab|c", Names(Create(false), "abc"));

    [Fact]
    public void A_character_without_an_entry_becomes_bytes()
    {
        Assert.Equal("▁|é|<0xC3>|<0x9F>|<0x0A>|日", Names(Create(), "éß\n日"));
        Assert.Equal("éß\n日🚀", RoundTrip(Create(), "éß\n日🚀"));
    }

    [Fact]
    public void Without_byte_tokens_it_becomes_the_unknown_token()
    {
        var data = new VocabularyData
        {
            Model = "llama",
            Tokens = ["<unk>", "▁", "a"],
            Types = [TokenType.Unknown, TokenType.Normal, TokenType.Normal],
            Scores = [0, -1, -2],
            UnknownToken = 0,
        };
        Assert.Equal([1, 2, 0], TokenizerFactory.Create(data).Encode("ab", parseSpecial: false));
    }

    [Fact]
    public void The_space_before_text_comes_and_goes_as_the_model_says()
    {
        Assert.Equal("▁a", Names(Create(), "a"));
        Assert.Equal("a", Names(Create(false), "a"));
        Assert.Equal(" a", RoundTrip(Create(), " a"));
        Assert.Equal(" a", RoundTrip(Create(false), " a"));
    }

    [Fact]
    public void A_user_cannot_write_control_or_byte_tokens()
    {
        (string, float)[] entries = [("<s", -1), ("s>", -1), ("<", -2), ("s", -3), (">", -4), ("<0", -1), ("0A>", -1), ("x", -5), ("0", -5), ("A", -5), ("▁", -6)];
        var tokenizer = TokenizerFactory.Create(TestVocabularies.SentencePiece(false, entries));
        Assert.DoesNotContain(1, tokenizer.Encode("<s>", parseSpecial: false));
        Assert.Equal([1], tokenizer.Encode("<s>", parseSpecial: true));
        Assert.Equal("<0x0A>", tokenizer.Decode(tokenizer.Encode("<0x0A>", parseSpecial: false), special: false));
    }

    [Fact]
    public void After_a_special_token_text_starts_anew()
    {
        var tokenizer = Create();
        Assert.Equal("<s>|▁a|</s>|▁a", string.Join('|', tokenizer.Encode("<s>a</s>a", parseSpecial: true).Select(id => tokenizer.Vocabulary.Tokens[id])));
    }

    [Fact]
    public void Any_text_decodes_to_itself()
    {
        foreach (var prefix in new[] { true, false })
        {
            var tokenizer = Create(prefix);
            TestTexts.Any.Where(text => !text.Contains('\u2581', StringComparison.Ordinal))
                .Sample(text => Assert.Equal(text, RoundTrip(tokenizer, text)), iter: 3_000);
        }
    }

    [Fact]
    public void Merging_is_what_the_definition_says()
    {
        // Both with the cut into words and, because of the entry with an inner space, without it.
        foreach (var more in new (string, float)[][] { [], [("a▁", -1.5f)] })
        {
            var tokenizer = TokenizerFactory.Create(TestVocabularies.SentencePiece(true, [.. Entries, .. more]));
            Gen.OneOfConst("a", "b", "c", " ", "é").Array[1, 80].Select(string.Concat)
                .Sample(text => Assert.Equal(Slowly(tokenizer.Vocabulary, text), tokenizer.Encode(text, parseSpecial: false)), iter: 2_000);
        }
    }

    private static Tokenizer Create(bool addSpacePrefix = true) => TokenizerFactory.Create(TestVocabularies.SentencePiece(addSpacePrefix, Entries));

    private static string Names(Tokenizer tokenizer, string text) =>
        string.Join('|', tokenizer.Encode(text, parseSpecial: false).Select(id => tokenizer.Vocabulary.Tokens[id]));

    private static string RoundTrip(Tokenizer tokenizer, string text) => tokenizer.Decode(tokenizer.Encode(text, parseSpecial: false), special: false);

    /// <summary>Merges the neighbours whose union has the highest score, the leftmost of equals, until none is an entry.</summary>
    private static List<int> Slowly(VocabularyData vocabulary, string text)
    {
        var ids = vocabulary.Tokens.Select((entry, id) => (entry, id)).ToDictionary(pair => pair.entry, pair => pair.id);
        var pieces = ("▁" + text.Replace(' ', '▁')).Select(c => c.ToString()).ToList();
        while (true)
        {
            var best = Enumerable.Range(0, pieces.Count - 1).Where(i => ids.ContainsKey(pieces[i] + pieces[i + 1]))
                .OrderByDescending(i => vocabulary.Scores[ids[pieces[i] + pieces[i + 1]]]).FirstOrDefault(-1);
            if (best < 0) return [.. pieces.Select(piece => ids[piece])];
            pieces[best] += pieces[best + 1];
            pieces.RemoveAt(best + 1);
        }
    }
}
