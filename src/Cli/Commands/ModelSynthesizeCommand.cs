using System.CommandLine;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Engine.Models.Synthesis;
using Spectre.Console;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt model synthesize</c>: random weights of a real model's shape.</summary>
internal static class ModelSynthesizeCommand
{
    public static Command Create()
    {
        var shape = new Option<string>("--shape") { HelpName = "S", Required = true, Description = "One of " + ModelShape.Names + "." };
        var quantization = new Option<string>("--quant") { HelpName = "Q", Required = true, Description = "One of " + QuantizationMix.Names + "." };
        var file = new Option<string>("--output", "-o") { HelpName = "FILE", Required = true, Description = "The GGUF file to write." };
        var seed = new Option<ulong>("--seed") { HelpName = "N", Description = "The same seed gives the same file.", DefaultValueFactory = _ => 1 };
        var command = new Command("synthesize", "Writes a GGUF with random weights, for benchmarks without a download. Example: agentrt model synthesize --shape qwen2.5-0.5b --quant Q8_0 -o bench.gguf")
        {
            shape, quantization, file, seed,
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            var path = Path.GetFullPath(result.GetRequiredValue(file));
            void Write(IProgress<double>? progress) => ModelSynthesizer.Write(
                result.GetRequiredValue(shape), result.GetRequiredValue(quantization), path, result.GetValue(seed), progress, cancellationToken);
            if (Console.IsErrorRedirected)
            {
                await Task.Run(() => Write(null), cancellationToken).ConfigureAwait(false);
            }
            else
            {
                await Consoles.Error.Progress().AutoClear(true).StartAsync(progress =>
                {
                    var task = progress.AddTask("writing " + Markup.Escape(Path.GetFileName(path)), maxValue: 1);
                    return Task.Run(() => Write(new Progress<double>(share => task.Value = share)), cancellationToken);
                }).ConfigureAwait(false);
            }
            await result.InvocationConfiguration.Output.WriteLineAsync(path).ConfigureAwait(false);
        });
        return command;
    }
}
