using System.CommandLine;
using System.Globalization;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Cli.Output;
using AgentRuntime.Engine.Grammar;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt bench grammar</c>: correctness and cost of constrained decoding over files in MaskBench's format.</summary>
internal static class BenchGrammarCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("DIR") { Description = "A folder of JSON files, each a schema and tests." };
        var model = new Option<string?>("--model", "-m") { HelpName = "MODEL", Description = "Whose vocabulary to use; a file without tensors is enough." };
        var json = new Option<bool>("--json") { Description = "One JSON document." };
        var command = new Command("grammar", "JSON schemas to token masks. Example: agentrt bench grammar maskbench --model vocabulary.gguf") { folder, model, json };
        command.SetAction(result =>
        {
            var files = Directory.GetFiles(result.GetRequiredValue(folder), "*.json").Order(StringComparer.Ordinal).ToList();
            if (files.Count == 0) throw new UsageException($"There is no .json file in {result.GetRequiredValue(folder)}.");
            var path = ModelResolver.Resolve(result.GetValue(model), Configuration.Load(), result.InvocationConfiguration.Error);
            using var file = ModelLoader.Open(path);
            var tokenizer = TokenizerFactory.Create(file.Vocabulary ?? throw new UsageException($"{path} holds no vocabulary."));
            // What is measured is a process that has been running: its code compiled, the vocabulary's part made. Schemas start anew.
            TokenGrammar.Prepare(tokenizer);
            for (var round = 0; round < 3; round++)
            {
                foreach (var name in files) MaskBenchFile.Run(name, tokenizer);
            }
            Show(result, files.ConvertAll(name => MaskBenchFile.Run(name, tokenizer)), result.GetValue(json));
        });
        return command;
    }

    private static void Show(ParseResult result, List<MaskBenchResult> results, bool json)
    {
        var output = result.InvocationConfiguration.Output;
        var masks = results.SelectMany(r => r.MaskUs).ToList();
        var compiles = results.ConvertAll(r => r.CompileMs);
        var total = new
        {
            Files = results.Count,
            CompileMs = Percentiles(compiles),
            MaskUs = Percentiles(masks),
            Masks = masks.Count,
            ValidAccepted = results.Sum(r => r.ValidAccepted),
            ValidRejected = results.Sum(r => r.ValidRejected),
            InvalidAccepted = results.Sum(r => r.InvalidAccepted),
            InvalidRejected = results.Sum(r => r.InvalidRejected),
            Unsupported = results.Count(r => r.Unsupported is not null),
        };
        if (json)
        {
            JsonLines.Write(output, new
            {
                Files = results.Select(r => new
                {
                    r.File,
                    CompileMs = Math.Round(r.CompileMs, 3),
                    MaskUs = Percentiles(r.MaskUs),
                    r.ValidAccepted,
                    r.ValidRejected,
                    r.InvalidAccepted,
                    r.InvalidRejected,
                    r.Unsupported,
                }),
                Total = total,
            });
            return;
        }
        foreach (var r in results.Where(r => r.Unsupported is not null)) output.WriteLine($"unsupported  {r.File}: {r.Unsupported}");
        foreach (var r in results.Where(r => r.Unsupported is null && (r.ValidRejected > 0 || r.InvalidAccepted > 0))) output.WriteLine($"wrong        {r.File}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{total.Files} schemas, {total.Unsupported} unsupported; valid {total.ValidAccepted} accepted, {total.ValidRejected} rejected; invalid {total.InvalidAccepted} accepted, {total.InvalidRejected} rejected"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"compile ms   median {total.CompileMs.P50}  p99 {total.CompileMs.P99}  max {total.CompileMs.Max}"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"mask µs      mean {total.MaskUs.Mean}  median {total.MaskUs.P50}  p99 {total.MaskUs.P99}  max {total.MaskUs.Max}  ({total.Masks} masks)"));
    }

    private static Summary Percentiles(IReadOnlyList<double> values)
    {
        if (values.Count == 0) return new(0, 0, 0, 0, 0);
        var sorted = values.Order().ToList();
        double At(double share) => Math.Round(sorted[(int)Math.Min(sorted.Count - 1, Math.Ceiling(share * sorted.Count) - 1)], 3);
        return new(Math.Round(sorted.Average(), 3), At(0.5), At(0.9), At(0.99), Math.Round(sorted[^1], 3));
    }

    private sealed record Summary(double Mean, double P50, double P90, double P99, double Max);
}
