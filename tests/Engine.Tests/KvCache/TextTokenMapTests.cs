using AgentRuntime.Engine.KvCache;
using AgentRuntime.Engine.Tests.Fakes;

namespace AgentRuntime.Engine.Tests.KvCache;

public class TextTokenMapTests
{
    private readonly FakeTokenizer _tokenizer = new();

    [Fact]
    public void Generated_tokens_come_back_as_they_were()
    {
        var map = new TextTokenMap(_tokenizer);
        var prompt = map.Encode("<|start|>say hello<|end|><|start|>");
        Assert.Equal(0, prompt.Replayed);
        // The model wrote "hello" letter by letter.
        int[] generated = ['h', 'e', 'l', 'l', 'o', FakeTokenizer.End];
        map.Record("<|start|>say hello<|end|><|start|>hello<|end|>", [.. prompt.Tokens, .. generated]);

        var next = map.Encode("<|start|>say hello<|end|><|start|>hello<|end|><|start|>hello the<|end|>");
        Assert.Equal([.. prompt.Tokens, .. generated, FakeTokenizer.Start, .. _tokenizer.Encode("hello the<|end|>", true)], next.Tokens);
        Assert.Equal(prompt.Tokens.Length + generated.Length, next.Replayed);
    }

    [Fact]
    public void A_seam_inside_a_word_is_encoded_as_a_whole()
    {
        var map = new TextTokenMap(_tokenizer);
        map.Record("say he", _tokenizer.Encode("say he", true));
        var joined = map.Encode("say hello");
        Assert.Equal(_tokenizer.Encode("say hello", true), joined.Tokens);
        Assert.Equal(4, joined.Replayed);
    }

    [Fact]
    public void A_seam_after_tokens_that_the_model_chose_keeps_them()
    {
        var map = new TextTokenMap(_tokenizer);
        map.Record("say he", ['s', 'a', 'y', ' ', 'h', 'e']);
        Assert.Equal(['s', 'a', 'y', ' ', 'h', 'e', .. _tokenizer.Encode("llo", true)], map.Encode("say hello").Tokens);
    }

    [Fact]
    public void A_text_that_turns_off_keeps_the_front()
    {
        var map = new TextTokenMap(_tokenizer);
        map.Record("<|start|>one the two<|end|>", _tokenizer.Encode("<|start|>one the two<|end|>", true));
        var other = map.Encode("<|start|>one the other<|end|>");
        Assert.Equal(_tokenizer.Encode("<|start|>one the other<|end|>", true), other.Tokens);
        Assert.Equal(_tokenizer.Encode("<|start|>one the ", true).Length, other.Replayed);
    }

    [Fact]
    public void Characters_in_several_tokens_are_never_cut()
    {
        var map = new TextTokenMap(_tokenizer);
        // é and è share their first byte.
        map.Record("caf\u00e9", _tokenizer.Encode("caf\u00e9", true));
        var other = map.Encode("caf\u00e8s");
        Assert.Equal(_tokenizer.Encode("caf\u00e8s", true), other.Tokens);
    }

    [Fact]
    public void Tokens_that_disagree_with_the_text_are_not_remembered()
    {
        var map = new TextTokenMap(_tokenizer);
        map.Record("abc", ['a', 'x', 'c']);
        var encoded = map.Encode("abc");
        Assert.Equal(['a', 'b', 'c'], encoded.Tokens);
        Assert.Equal(['a'], encoded.Nearest!);
    }

    [Fact]
    public void Old_texts_are_forgotten_when_memory_is_short()
    {
        var map = new TextTokenMap(_tokenizer, maxBytes: 100);
        map.Record("first first", ['f', 'i']);
        for (var i = 0; i < 10; i++) map.Record($"{i} text", _tokenizer.Encode($"{i} text", true));
        Assert.Null(map.Encode("first first").Nearest);
    }

    /// <summary>Whatever was recorded, the tokens of a text spell that text.</summary>
    [Fact]
    public void Tokens_always_spell_the_text()
    {
        var random = new Random(1);
        string[] parts = ["he", "llo", " the", "lo wor", "<|end|>", "<|start|>", "h", "e", " ", "Üb", "\u00e9", "\ud83d\ude00", "w260 "];
        for (var round = 0; round < 300; round++)
        {
            var map = new TextTokenMap(_tokenizer);
            var text = "";
            for (var turn = 0; turn < 6; turn++)
            {
                text = text[..random.Next(text.Length + 1)];
                if (text.Length > 0 && char.IsHighSurrogate(text[^1])) text = text[..^1];
                for (var i = random.Next(6); i >= 0; i--) text += parts[random.Next(parts.Length)];
                var tokens = map.Encode(text);
                Assert.Equal(text, _tokenizer.Decode(tokens.Tokens, special: true));
                // What the model adds, in whatever tokens.
                int[] generated = [.. "hello".Select(c => (int)c)];
                text += "hello";
                map.Record(text, [.. tokens.Tokens, .. generated]);
                Assert.Equal([.. tokens.Tokens, .. generated], map.Encode(text).Tokens);
            }
        }
    }
}
