using System.Globalization;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Tests.Tokenization;

/// <summary>Real vocabularies whose answers are known: for each text of <c>.inp</c> the ids in a line of <c>.out</c>.</summary>
public class KnownVocabularyTests
{
    [Theory]
    [InlineData("gpt-2")]
    [InlineData("llama-bpe")]
    [InlineData("qwen2")]
    [InlineData("llama-spm")]
    public void Gives_the_known_tokens(string name)
    {
        var path = TestFiles.Shared("vocab", $"ggml-vocab-{name}.gguf");
        var tokenizer = Load(path);
        var texts = File.ReadAllText(path + ".inp").Split("\n__ggml_vocab_test__\n");
        var expected = File.ReadAllText(path + ".out").Split('\n').Select(Ids).ToArray();

        for (var i = 0; i < texts.Length; i++)
        {
            Assert.Equal(expected[i], tokenizer.Encode(texts[i], parseSpecial: false));
            Assert.Equal(texts[i], tokenizer.Decode(expected[i], special: false));
        }
    }

    [Fact]
    public void Gives_the_same_tokens_when_words_are_remembered_and_from_many_threads()
    {
        var tokenizer = Load(TestFiles.Shared("vocab", "ggml-vocab-qwen2.gguf"));
        var text = string.Concat(Enumerable.Range(0, 2_000).Select(i => $"var item{i} = list[{i % 7}];\n"));
        var expected = tokenizer.Encode(text, parseSpecial: false);
        Parallel.For(0, 8, _ => Assert.Equal(expected, tokenizer.Encode(text, parseSpecial: false)));
    }

    [Fact]
    public void Knows_what_ends_a_reply()
    {
        var tokenizer = Load(TestFiles.Shared("vocab", "ggml-vocab-llama-bpe.gguf"));
        Assert.Contains(tokenizer.Find("<|eot_id|>")!.Value, tokenizer.EndTokens);
        Assert.Contains(tokenizer.Find("<|end_of_text|>")!.Value, tokenizer.EndTokens);
        Assert.DoesNotContain(tokenizer.Find("<|start_header_id|>")!.Value, tokenizer.EndTokens);
        Assert.True(tokenizer.AddsBos);
    }

    private static Tokenizer Load(string path)
    {
        using var file = ModelLoader.Open(path);
        return TokenizerFactory.Create(file.Vocabulary!);
    }

    private static int[] Ids(string line) =>
        [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(id => int.Parse(id, CultureInfo.InvariantCulture))];
}
