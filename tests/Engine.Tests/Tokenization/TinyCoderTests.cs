using System.Text.Json;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Tests.Tokenization;

/// <summary>The tokenizer that tiny-coder was trained with and the engine's are the same.</summary>
public class TinyCoderTests
{
    private static readonly JsonElement File = JsonDocument.Parse(System.IO.File.ReadAllText(Path.Combine(TestFiles.Root, "models", "tiny-coder", "tokenizer.json"))).RootElement;

    [Fact]
    public void The_pattern_is_the_one_of_training() =>
        Assert.Equal(File.GetProperty("pre_tokenizer").GetString(), PreTokenizerPatterns.TinyCoder().ToString());

    [Fact]
    public void A_transcript_is_read_in_whole_words()
    {
        string[] tokens = [.. File.GetProperty("tokens").EnumerateArray().Select(token => token.GetString()!)];
        var tokenizer = TokenizerFactory.Create(new VocabularyData
        {
            Model = "gpt2",
            PreTokenizer = "tiny-coder",
            Tokens = tokens,
            Types = [.. tokens.Select((_, id) => id < 3 ? TokenType.Control : id < 5 ? TokenType.UserDefined : TokenType.Normal)],
            Merges = [.. File.GetProperty("merges").EnumerateArray().Select(pair => $"{pair[0]} {pair[1]}")],
        });
        const string Text = "<|im_start|>assistant\n<tool_call>\n{\"name\": \"read_file\", \"arguments\": {\"path\": \"src/Cart.cs\"}}\n</tool_call><|im_end|>\n";

        var ids = tokenizer.Encode(Text, parseSpecial: true);
        Assert.Equal(Text, tokenizer.Decode(ids, special: true));
        Assert.Equal("<|im_start|>|assistant|\n|<tool_call>|\n", string.Join('|', ids.Take(5).Select(id => tokenizer.Decode([id], special: true))));
        Assert.Contains(tokenizer.Find("<|im_end|>")!.Value, tokenizer.EndTokens);
    }
}
