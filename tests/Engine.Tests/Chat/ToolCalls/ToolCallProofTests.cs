using System.Globalization;
using System.Text;
using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Backends.Cpu;
using AgentRuntime.Engine.Chat.ToolCalls;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Models.Synthesis;
using AgentRuntime.Engine.Sessions;
using AgentRuntime.Engine.Tokenization;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Tests.Chat.ToolCalls;

/// <summary>
/// A model of random weights at temperature 1.5 calls tools of 50 sets in every format: each reply is a valid call. All
/// 2,000 with AGENTRT_TOOL_CALLS=2000, each set in each format three times; a part of them in the suite.
/// </summary>
public sealed class ToolCallProofTests(ITestOutputHelper output)
{
    private const int Sets = 50, AtOnce = 8;

    [Fact]
    public async Task Every_reply_is_a_valid_call()
    {
        var count = int.TryParse(Environment.GetEnvironmentVariable("AGENTRT_TOOL_CALLS"), CultureInfo.InvariantCulture, out var wanted) ? wanted : 120;
        var folder = Directory.CreateTempSubdirectory("agentrt-calls-").FullName;
        var path = Path.Combine(folder, "model.gguf");
        ModelSynthesizer.Write("tiny-test", "Q8_0", path);
        using var plain = Load(path, null);
        using var marked = Load(path, MarkedVocabulary.Create(512));
        var totals = ToolCallFormats.All.ToDictionary(format => format.Name, _ => new Totals());
        foreach (var part in Enumerable.Range(0, count).Chunk(AtOnce)) await Task.WhenAll(part.Select(number => CallAsync(marked, plain, number, totals)));
        foreach (var (family, total) in totals)
        {
            output.WriteLine($"{family,-14} {total.Replies,5} replies {total.Calls,6} calls {total.Tokens,8} tokens {total.Forced,8} forced {total.Cut,4} cut off and written anew");
            Assert.True(total.Calls >= total.Replies && (count < 12 || total.Replies > 0), family);
        }
        Directory.Delete(folder, true);
    }

    private static async Task CallAsync(InferenceEngine marked, InferenceEngine plain, int number, Dictionary<string, Totals> totals)
    {
        var (round, family) = Math.DivRem(number, ToolCallFormats.All.Count);
        var (format, tools) = (ToolCallFormats.All[family], ToolSets.Set((23 * round + family) % Sets));
        var engine = (round + round / Sets) % 2 == 0 ? marked : plain;
        var startsInReasoning = number % 7 == 3 && format.Name != "harmony";
        var grammar = ToolCallGrammar.Compile(format, tools, engine.Tokenizer, new() { Mode = ChatToolMode.RequireAny, MayReason = number % 5 == 0 });
        var total = totals[format.Name];
        for (var seed = (ulong)number; ; seed += 1_000_000)
        {
            if (await ReplyAsync(engine, grammar, seed, startsInReasoning) is not var (reply, usage))
            {
                // A model of random weights finds no end of a name that may be of any length.
                lock (total) total.Cut++;
                continue;
            }
            var calls = CallChecks.ValidCalls(format, tools, reply, startsInReasoning);
            Assert.NotEmpty(calls);
            lock (total)
            {
                total.Replies++;
                total.Calls += calls.Count;
                total.Tokens += usage.OutputTokens;
                total.Forced += usage.ForcedTokens;
            }
            return;
        }
    }

    /// <summary>A reply and what it cost; null when it was cut off.</summary>
    private static async Task<(string Text, Usage Usage)?> ReplyAsync(InferenceEngine engine, ToolCallGrammar grammar, ulong seed, bool startsInReasoning)
    {
        using var session = engine.CreateSession();
        session.Append(engine.Tokenizer.Encode($"Call a tool, number {seed}.", parseSpecial: false));
        var reply = new StringBuilder();
        var options = new GenerationOptions { Temperature = 1.5f, Seed = seed, MaxTokens = 4000, TokenMask = grammar.CreateMask(startsInReasoning, thinkingBudget: 40) };
        await foreach (var e in session.GenerateAsync(options))
        {
            reply.Append(e.Text);
            if (e.Token is { } token && engine.Tokenizer.Vocabulary.Types[token] == TokenType.Control && !engine.Tokenizer.EndTokens.Contains(token)) reply.Append(engine.Tokenizer.Vocabulary.Tokens[token]);
            if (e is { FinishReason: { } reason, Usage: { } usage }) return reason == FinishReason.Stop ? (reply.ToString(), usage) : null;
        }
        throw new InvalidOperationException("The generation did not end.");
    }

    private static InferenceEngine Load(string path, Tokenizer? tokenizer)
    {
        var model = ModelLoader.Open(path);
        var runner = new CpuBackend().LoadModel(model, new RunnerOptions { KvBlocks = AtOnce * 130, MaxBatchTokens = 512, Threads = 1 }, null, TestContext.Current.CancellationToken);
        return new(runner, tokenizer ?? TokenizerFactory.Create(model.Vocabulary!), new() { MaxRunning = AtOnce }, owned: model);
    }

    private sealed class Totals
    {
        public int Replies { get; set; }

        public int Cut { get; set; }

        public int Calls { get; set; }

        public long Tokens { get; set; }

        public long Forced { get; set; }
    }
}
