using System.CommandLine;
using System.Globalization;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Cli.Output;
using AgentRuntime.Engine.Grammar.Grounding;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt bench grounding</c>: what it costs to hold edits to the text of a file.</summary>
internal static class BenchGroundingCommand
{
    private const int MaxBytes = 1024 * 1024;

    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A text file." };
        var model = new Option<string?>("--model", "-m") { HelpName = "MODEL", Description = "Whose vocabulary to use; a file without tensors is enough." };
        var calls = new Option<int>("--calls") { HelpName = "N", Description = "How many edits to write.", DefaultValueFactory = _ => 200 };
        var json = new Option<bool>("--json") { Description = "One JSON document." };
        var command = new Command("grounding", "Edits held to a file's text. Example: agentrt bench grounding Program.cs --model vocabulary.gguf") { file, model, calls, json };
        command.SetAction(result =>
        {
            var count = result.GetValue(calls);
            if (count < 1) throw new UsageException($"--calls {count} is out of range; use 1 or more.");
            var text = Read(result.GetRequiredValue(file));
            var path = ModelResolver.Resolve(result.GetValue(model), Configuration.Load(), result.InvocationConfiguration.Error);
            using var opened = ModelLoader.Open(path);
            var tokenizer = TokenizerFactory.Create(opened.Vocabulary ?? throw new UsageException($"{path} holds no vocabulary."));
            // What is measured is a process that has been running: its code compiled. The file's automaton starts anew.
            GroundingBenchmark.Run(text, tokenizer, Math.Max(20, count / 4), seed: 2);
            Show(result, GroundingBenchmark.Run(text, tokenizer, count), result.GetValue(json));
        });
        return command;
    }

    private static string Read(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists) throw new UsageException($"There is no file {path}.");
        if (file.Length is 0 or > MaxBytes) throw new UsageException($"{path} has {file.Length} bytes; use a text of 1 to {MaxBytes}.");
        return File.ReadAllText(path);
    }

    private static void Show(ParseResult result, GroundingBenchmarkResult measured, bool json)
    {
        double At(double share) => Math.Round(measured.TokenUs[(int)Math.Ceiling(share * measured.TokenUs.Count) - 1], 2);
        var mean = Math.Round(measured.TokenUs.Average(), 2);
        if (json)
        {
            JsonLines.Write(result.InvocationConfiguration.Output, new
            {
                measured.Bytes,
                AutomatonMs = Math.Round(measured.AutomatonMs, 2),
                FirstMaskUs = Math.Round(measured.FirstMaskUs, 1),
                measured.Calls,
                Tokens = measured.TokenUs.Count,
                measured.Forced,
                TokenUs = new { Mean = mean, P50 = At(0.5), P99 = At(0.99), Max = At(1) },
            });
            return;
        }
        result.InvocationConfiguration.Output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{measured.Bytes} bytes: automaton {measured.AutomatonMs:0.0} ms, first mask {measured.FirstMaskUs / 1000:0.00} ms; {measured.Calls} edits, {measured.TokenUs.Count} tokens of old text ({measured.Forced} forced), µs a token: mean {mean}  median {At(0.5)}  p99 {At(0.99)}  max {At(1)}"));
    }
}
