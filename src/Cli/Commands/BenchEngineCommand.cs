using System.CommandLine;
using System.Globalization;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Cli.Output;
using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Diagnostics;
using AgentRuntime.Engine.Models;
using Spectre.Console;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt bench engine</c>: prefill and decode speed at several depths of the KV cache.</summary>
internal static class BenchEngineCommand
{
    public static Command Create()
    {
        var model = ModelCommand.ModelArgument();
        var prompt = new Option<string>("--prompt") { HelpName = "N,…", Description = "Tokens to prefill.", DefaultValueFactory = _ => "512" };
        var generate = new Option<int>("--generate") { HelpName = "N", Description = "Tokens to decode; 0 for none.", DefaultValueFactory = _ => 64 };
        var verify = new Option<int>("--verify") { HelpName = "N", Description = "Tokens of a batch with logits for each, as when a draft is verified; 0 for none.", DefaultValueFactory = _ => 0 };
        var depth = new Option<string>("--depth") { HelpName = "N,…", Description = "Tokens that are in the cache already.", DefaultValueFactory = _ => "0" };
        var repetitions = new Option<int>("--repetitions") { HelpName = "R", Description = "Timed runs of each test, after one that is not.", DefaultValueFactory = _ => 5 };
        var parts = new Option<bool>("--parts") { Description = "Also how many milliseconds of a run each part of the forward pass took." };
        var json = new Option<bool>("--json") { Description = "One JSON document." };
        var command = new Command("engine", "Prefill and decode speed. Example: agentrt bench engine FILE --prompt 512 --depth 0,8192 --threads 2") { model, prompt, generate, verify, depth, repetitions, parts, json };
        var engineArguments = new EngineArguments(command, model: false);
        command.SetAction((result, cancellationToken) =>
        {
            var tests = new EngineBenchmarkOptions
            {
                Prompts = BenchCommand.Numbers(result.GetValue(prompt)!, "--prompt"),
                Depths = BenchCommand.Numbers(result.GetValue(depth)!, "--depth"),
                Generate = result.GetValue(generate),
                Verify = result.GetValue(verify),
                Repetitions = result.GetValue(repetitions),
                Parts = result.GetValue(parts),
            };
            if (tests.Repetitions < 1) throw new UsageException("--repetitions must be 1 or more.");
            var options = engineArguments.Options(result);
            using var file = ModelLoader.Open(ModelResolver.Find(result.GetRequiredValue(model)));
            var plan = options.Backend!.Plan(file, new() { Context = Math.Max(1, (tests.KvBlocks - 1) * RunnerOptions.BlockTokens), KvType = options.KvType, GpuLayers = options.GpuLayers });
            if (plan.Note is { } note) options.Notes!(note);
            using var runner = options.Backend.LoadModel(
                file, new() { KvBlocks = tests.KvBlocks, KvType = options.KvType, Threads = options.Threads, GpuLayers = plan.GpuLayers }, null, cancellationToken);
            Show(result, new EngineBenchmark(runner, tests), result.GetValue(json), cancellationToken);
            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    private static void Show(ParseResult result, EngineBenchmark benchmark, bool json, CancellationToken cancellationToken)
    {
        List<BenchmarkRow> rows = [];
        if (Console.IsErrorRedirected)
        {
            rows.AddRange(benchmark.Run(cancellationToken));
        }
        else
        {
            Consoles.Error.Progress().AutoClear(true).Start(progress =>
            {
                var task = progress.AddTask("measuring", maxValue: benchmark.Tests);
                foreach (var row in benchmark.Run(cancellationToken))
                {
                    rows.Add(row);
                    task.Increment(1);
                }
            });
        }
        var output = result.InvocationConfiguration.Output;
        if (json)
        {
            JsonLines.Write(output, rows);
            return;
        }
        var table = new Table().Border(TableBorder.Simple).AddColumns("test", "tokens", "depth", "tokens/s (median)", "min", "max");
        string Rate(double value) => value.ToString("N1", CultureInfo.InvariantCulture);
        var onGpu = rows.Exists(row => row.HostMicroseconds is not null);
        if (onGpu) table.AddColumns("host µs a step", "bytes allocated a step");
        foreach (var row in rows)
        {
            string[] cells = [row.Test, $"{row.Tokens}", $"{row.Depth}", Rate(row.TokensPerSecond.Median), Rate(row.TokensPerSecond.Min), Rate(row.TokensPerSecond.Max)];
            table.AddRow(onGpu ? [.. cells, row.HostMicroseconds is { } host ? Rate(host) : "", row.AllocatedBytes is { } bytes ? Rate(bytes) : ""] : cells);
        }
        Consoles.For(output).Write(table);
        if (rows is not [{ PartsMs: not null }, ..]) return;
        var times = new Table().Border(TableBorder.Simple).AddColumn("ms of a run");
        foreach (var row in rows) times.AddColumn($"{row.Test} {row.Tokens} at {row.Depth}");
        foreach (var part in rows.SelectMany(row => row.PartsMs!.Keys).Distinct())
            times.AddRow([part, .. rows.Select(row => row.PartsMs!.TryGetValue(part, out var ms) ? Rate(ms) : "")]);
        Consoles.For(output).Write(times);
    }
}
