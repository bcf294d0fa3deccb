using AgentRuntime.Engine.Tokenization;
using CsCheck;

namespace AgentRuntime.Engine.Tests.Tokenization;

public class IncrementalDetokenizerTests
{
    private static readonly Tokenizer Bytes = TokenizerFactory.Create(TestVocabularies.BytePair("gpt-2", []));

    [Fact]
    public void A_character_comes_whole_or_not_at_all()
    {
        var detokenizer = new IncrementalDetokenizer(Bytes);
        var texts = Bytes.Encode("aé日🚀", parseSpecial: false).Select(detokenizer.Push);
        Assert.Equal(["a", "", "é", "", "", "日", "", "", "", "🚀"], texts);
        Assert.Equal("", detokenizer.Flush());
    }

    [Fact]
    public void A_broken_character_is_replaced()
    {
        var detokenizer = new IncrementalDetokenizer(Bytes);
        Assert.Equal("", detokenizer.Push(0xF0));
        Assert.Equal("", detokenizer.Push(0x9F));
        Assert.Equal("\uFFFDa", detokenizer.Push('a'));
        Assert.Equal("", detokenizer.Push(0xE6));
        Assert.Equal("\uFFFD", detokenizer.Flush());
        Assert.Equal("", detokenizer.Flush());
    }

    [Fact]
    public void The_pieces_joined_are_what_decoding_at_once_gives() =>
        Gen.Int[0, 255].Array[0, 40].Sample(tokens =>
        {
            var detokenizer = new IncrementalDetokenizer(Bytes);
            var streamed = string.Concat(tokens.Select(detokenizer.Push)) + detokenizer.Flush();
            Assert.Equal(System.Text.Encoding.UTF8.GetString([.. tokens.Select(token => (byte)token)]), streamed);
            Assert.Equal(streamed, Bytes.Decode(tokens, special: false));
        });

    [Fact]
    public void Only_the_first_space_of_sentencepiece_goes()
    {
        var tokenizer = TokenizerFactory.Create(TestVocabularies.SentencePiece(true, ("▁a", -1), ("▁", -2), ("a", -3)));
        var detokenizer = new IncrementalDetokenizer(tokenizer);
        var word = tokenizer.Find("▁a")!.Value;
        Assert.Equal(["", "a", " a"], new[] { 1, word, word }.Select(detokenizer.Push));
    }

    [Fact]
    public void Text_that_continues_keeps_its_first_space()
    {
        var tokenizer = TokenizerFactory.Create(TestVocabularies.SentencePiece(true, ("▁a", -1)));
        Assert.Equal(" a", new IncrementalDetokenizer(tokenizer, continues: true).Push(tokenizer.Find("▁a")!.Value));
    }
}
