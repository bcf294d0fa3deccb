using System.Text.RegularExpressions;
using AgentRuntime.Engine.Tokenization;
using CsCheck;

namespace AgentRuntime.Engine.Tests.Tokenization;

public class PreTokenizersTests
{
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    private const string Llama3 = @"'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    [Theory]
    [InlineData("gpt-2", Gpt2, 0)]
    [InlineData("llama-bpe", Llama3, 3)]
    [InlineData("qwen2", Llama3, 1)]
    public void The_ones_by_hand_do_what_their_patterns_say(string name, string pattern, int digits)
    {
        var byHand = PreTokenizers.Get(name).Splitter;
        var byPattern = new RegexPreTokenizer(new Regex(pattern.Replace("{1,3}", $"{{1,{Math.Max(1, digits)}}}", StringComparison.Ordinal), RegexOptions.CultureInvariant));
        TestTexts.Any.Sample(text => Assert.Equal(Words(byPattern, text), Words(byHand, text)), iter: 10_000);
    }

    [Theory]
    [InlineData("tiny-coder", "    return HTTPServer.AddTax(12);\n", "    |return| |HTTP|Server|.|Add|Tax|(|1|2|);|\n")]
    [InlineData("tiny-coder", "if (a >= b)\r\n\tX9 é", "if| (|a| >=| b|)|\r|\n|\t|X|9| é")]
    [InlineData("gpt-2", "I've   12 cats!?\n\n x", "I|'ve|  | 12| cats|!?|\n\n| x")]
    [InlineData("llama-bpe", "x=12345;\n\n\treturn 'LL", "x|=|123|45|;\n\n|\treturn| '|LL")]
    [InlineData("qwen2", "a  b\n  c 𝐀𝐛🚀🚀 7", "a| | b|\n| | c| 𝐀𝐛|🚀🚀| |7")]
    [InlineData("starcoder", "x 12", "x| |1|2")]
    [InlineData("falcon", "a+b 1234", "a|+|b| |123|4")]
    [InlineData("deepseek-coder", "int x12 = 你好;\n", "int| x|1|2| =| |你好|;|\n")]
    [InlineData("deepseek-llm", "Hi 𐐀𐐨 x1  ", "Hi| 𐐀𐐨| x|1|  ")]
    [InlineData("deepseek-v3", "foo(1234) // 日本x\n", "foo|(|123|4|)| //| |日本|x|\n")]
    [InlineData("gpt-4o", "getHTTPResponse can't 1234/\n", "get|HTTPResponse| can't| |123|4|/\n")]
    [InlineData("tekken", "getName12 X", "get|Name|1|2| X")]
    [InlineData("qwen35", "हिन्दी x", "हिन्दी| x")]
    [InlineData("seed-coder", "a;\n b", "a|;|\n| b")]
    [InlineData("bloom", "Hello, world!", "Hello|,| world|!")]
    public void Words_are_cut_as_the_model_expects(string name, string text, string expected) =>
        Assert.Equal(expected.Split('|'), Words(PreTokenizers.Get(name).Splitter, text));

    [Theory]
    [InlineData("gpt-4o")]
    [InlineData("tekken")]
    [InlineData("deepseek-llm")]
    [InlineData("deepseek-v3")]
    [InlineData("tiny-coder")]
    public void Long_runs_take_linear_time(string name)
    {
        var splitter = PreTokenizers.Get(name).Splitter;
        foreach (var unit in new[] { "A", "a", " ", "\n", "1", "é", "日", "\u0301", "!", "🚀", "aA", " \n" })
        {
            var text = string.Concat(Enumerable.Repeat(unit, 50_000));
            Assert.Equal(text.Length, Words(splitter, text).Sum(word => word.Length));
        }
    }

    [Fact]
    public void An_unknown_name_is_refused_by_name()
    {
        var error = Assert.Throws<ModelFormatException>(() => PreTokenizers.Get("martian"));
        Assert.Contains("'martian'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Stand_ins_keep_the_category()
    {
        var standIn = new char[1];
        for (var value = 0x10000; value <= 0x10FFFF; value++)
        {
            var text = char.ConvertFromUtf32(value);
            var kept = BmpText.Collapse(text, standIn) == 1 && char.GetUnicodeCategory(text, 0) == char.GetUnicodeCategory(standIn[0]);
            if (!kept) Assert.Fail($"U+{value:X} became U+{(int)standIn[0]:X4}");
        }
    }

    private static List<string> Words(PreTokenizer splitter, string text)
    {
        var ends = new List<int>();
        splitter.Split(text, ends);
        var words = new List<string>();
        var start = 0;
        foreach (var end in ends)
        {
            words.Add(text[start..end]);
            start = end;
        }

        Assert.Equal(text.Length, start);
        return words;
    }
}
