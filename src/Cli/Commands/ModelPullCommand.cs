using System.CommandLine;
using System.Diagnostics;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Cli.Models;
using AgentRuntime.Cli.Output;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt model pull</c>: installs a model from Hugging Face.</summary>
internal static class ModelPullCommand
{
    public static Command Create()
    {
        var reference = new Argument<string>("REPO[:QUANT]") { Description = "OWNER/NAME on Hugging Face, and which quantisation or GGUF file of it; Q4_K_M or Q8_0 when absent." };
        var json = new Option<bool>("--json") { Description = "One JSON document." };
        var command = new Command("pull",
            "Downloads a model from Hugging Face; goes on where an earlier pull stopped. HF_TOKEN holds the token for private models, HF_ENDPOINT a mirror. " +
            "Example: agentrt model pull Qwen/Qwen2.5-0.5B-Instruct-GGUF:Q8_0") { reference, json };
        command.SetAction(async (result, cancellationToken) =>
        {
            var (output, error) = (result.InvocationConfiguration.Output, result.InvocationConfiguration.Error);
            var start = Stopwatch.GetTimestamp();
            PulledModel model;
            try
            {
                model = await PullAsync(ModelReference.Parse(result.GetRequiredValue(reference)), error, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                await error.WriteLineAsync("Stopped; the same command goes on from here.").ConfigureAwait(false);
                throw;
            }
            if (result.GetValue(json)) JsonLines.Write(output, model);
            else await output.WriteLineAsync(model.Name).ConfigureAwait(false);
            await error.WriteLineAsync(model.DownloadedBytes == 0
                ? $"{model.Path} is complete and as the repository has it."
                : $"{model.Path}: downloaded {Sizes.Text(model.DownloadedBytes)} in {Durations.Text(Stopwatch.GetElapsedTime(start).TotalMilliseconds)}, hash verified. Use it with --model {model.Name}.").ConfigureAwait(false);
        });
        return command;
    }

    private static async Task<PulledModel> PullAsync(ModelReference reference, TextWriter error, CancellationToken cancellationToken)
    {
        var options = new DownloadOptions();
        using var client = new HuggingFaceClient(HubSettings.Load(Configuration.Load()), options);
        Task<PulledModel> Run(IDownloadObserver observer) => new ModelDownloader(client, new(AppPaths.Models), options, observer).PullAsync(reference, cancellationToken);
        return Console.IsErrorRedirected || error != Console.Error
            ? await Run(new DownloadLog(error)).ConfigureAwait(false)
            : await DownloadDisplay.ShowAsync(Consoles.Error, Run).ConfigureAwait(false);
    }
}
