using AgentRuntime.Engine.Tokenization;
using CsCheck;

namespace AgentRuntime.Engine.Tests.Tokenization;

/// <summary>Whatever a file claims, a tokenizer is made or refused with a sentence, and one that is made encodes any text.</summary>
public class HostileVocabularyTests
{
    private static readonly Gen<string> Entry = Gen.Frequency(
        (6, Gen.OneOfConst("a", "b", "ab", "ba", "aa", "▁", "▁a", "Ġ", "Ġa", "Ã", "©", "<0x41>", "<0xZZ>", "<0x", "<s>", "<|im_end|>", "日", " ", "  ", "", "a▁", "\uD800", "é", "[PAD]")),
        (1, Gen.Char.Array[0, 4].Select(characters => new string(characters))));

    private static readonly Gen<string> Merge = Gen.Frequency(
        (8, Gen.Select(Entry, Entry, (left, right) => left + " " + right)),
        (1, Entry));

    private static readonly Gen<VocabularyData> Vocabulary =
        from tokens in Entry.Array[0, 30]
        from types in Gen.Int[0, 6].Select(type => (TokenType)type).Array[tokens.Length]
        from scores in Gen.Frequency((3, Gen.Single.Array[tokens.Length]), (1, Gen.Const(Array.Empty<float>())))
        from merges in Merge.Array[0, 20]
        from model in Gen.OneOfConst("gpt2", "llama")
        from pre in Gen.OneOfConst("gpt-2", "llama-bpe", "qwen2", "deepseek-llm", "tekken", null)
        from unknown in Gen.Int[-1, 30]
        from prefix in Gen.OneOfConst<bool?>(true, false, null)
        select new VocabularyData
        {
            Model = model,
            PreTokenizer = pre,
            Tokens = tokens,
            Types = types,
            Scores = scores,
            Merges = merges,
            UnknownToken = unknown < 0 ? null : unknown,
            AddSpacePrefix = prefix,
        };

    [Fact]
    public void Is_refused_with_a_sentence_or_works() =>
        Gen.Select(Vocabulary, TestTexts.Any, Gen.Bool).Sample(
            (vocabulary, text, special) =>
            {
                Tokenizer tokenizer;
                try
                {
                    tokenizer = TokenizerFactory.Create(vocabulary);
                }
                catch (ModelFormatException error)
                {
                    Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
                    return;
                }

                var tokens = tokenizer.Encode(text + "aab <|im_end|>", special);
                Assert.All(tokens, id => Assert.InRange(id, 0, vocabulary.Tokens.Count - 1));
                Assert.All(tokens, id => Assert.True(special || id == vocabulary.UnknownToken || vocabulary.Types[id] != TokenType.Control));
                Assert.NotNull(tokenizer.Decode(tokens, special));
            },
            iter: 10_000);

    [Fact]
    public void Huge_entries_cost_no_more_than_their_size()
    {
        var huge = new string('a', 1 << 20);
        Assert.Equal(3, TokenizerFactory.Create(TestVocabularies.SentencePiece(false, ("a", -1), (huge, -2))).Encode("aaa", parseSpecial: false).Length);
        var data = TestVocabularies.BytePair("llama-bpe", [huge + " b"], (huge + "!", TokenType.Control));
        Assert.Equal("aaa!", TokenizerFactory.Create(data).Decode(['a', 'a', 'a', '!'], special: false));
        Assert.Equal(100_000, TokenizerFactory.Create(data).Encode(huge[..100_000], parseSpecial: true).Length);
    }
}
