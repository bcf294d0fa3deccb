using System.Diagnostics;
using System.Globalization;
using System.Numerics;
using AgentRuntime.Engine.Chat.ToolCalls;
using AgentRuntime.Engine.Tests.Grammar;
using AgentRuntime.Engine.Tokenization;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Tests.Chat.ToolCalls;

/// <summary>Calls written with the vocabularies of real models, of both kinds of tokenizer.</summary>
public sealed class SharedVocabularyTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("ggml-vocab-qwen2.gguf")]
    [InlineData("ggml-vocab-llama-bpe.gguf")]
    [InlineData("ggml-vocab-llama-spm.gguf")]
    public void Random_calls_are_valid(string vocabulary)
    {
        var path = Path.Combine(TestFiles.Root, "..", "shared", "vocab", vocabulary);
        Assert.SkipUnless(File.Exists(path), $"{path} is not there; it is beside the project on its own machines only.");
        var tokenizer = GrammarFixture.Open(path);
        var start = Stopwatch.GetTimestamp();
        Engine.Grammar.TokenGrammar.Prepare(tokenizer);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{vocabulary}: prepared in {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms"));
        start = Stopwatch.GetTimestamp();
        _ = ToolCallGrammar.Compile(HermesFormat.Instance, [ToolSets.All[0]], tokenizer).CreateMask().Allowed.Length;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{vocabulary}: first free mask after {Stopwatch.GetElapsedTime(start).TotalMilliseconds:0} ms"));
        for (var number = 1; number < ToolCallFormats.All.Count; number += 4)
        {
            var (format, tools) = (ToolCallFormats.All[number], ToolSets.Set(number + 4));
            start = Stopwatch.GetTimestamp();
            var mask = ToolCallGrammar.Compile(format, tools, tokenizer, new() { Mode = ChatToolMode.RequireAny }).CreateMask();
            var compiled = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            var (reply, times) = Write(mask, tokenizer, new Random(number));
            times.Sort();
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{format.Name,-14} {tools.Length} tools: compiled in {compiled:0.0} ms, {times.Count} masks, mean {times.Average():0} us, median {times[times.Count / 2]:0} us, max {times[^1]:0} us"));
            if (reply is not null) Assert.NotEmpty(CallChecks.ValidCalls(format, tools, reply));
        }
    }

    /// <summary>Writes random allowed tokens, the end wherever it may come.</summary>
    private static (string? Reply, List<double> MaskUs) Write(Engine.Sampling.ITokenMask mask, Tokenizer tokenizer, Random random)
    {
        List<int> tokens = [];
        List<double> times = [];
        while (tokens.Count < 3000)
        {
            var start = Stopwatch.GetTimestamp();
            var allowed = mask.Allowed;
            times.Add(Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            if (tokenizer.EndTokens.Any(end => (mask.Allowed[end >> 6] >> end & 1) != 0)) return (tokenizer.Decode(tokens, special: true), times);
            var count = 0;
            foreach (var word in allowed) count += BitOperations.PopCount(word);
            Assert.NotEqual(0, count);
            var pick = random.Next(count);
            var token = 0;
            for (; ; token++)
            {
                if ((allowed[token >> 6] >> token & 1) != 0 && pick-- == 0) break;
            }
            mask.Accept(token);
            tokens.Add(token);
        }
        return (null, times);
    }
}
