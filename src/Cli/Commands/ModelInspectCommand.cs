using System.CommandLine;
using System.Globalization;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Cli.Output;
using AgentRuntime.Engine;
using AgentRuntime.Engine.Models;
using Spectre.Console;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt model inspect</c>: what a model holds and needs, before it is loaded.</summary>
internal static class ModelInspectCommand
{
    public static Command Create()
    {
        var model = ModelCommand.ModelArgument();
        var json = new Option<bool>("--json") { Description = "One JSON document." };
        var context = new Option<int?>("--context") { HelpName = "TOKENS", Description = "The context to state the memory need for." };
        var device = new Option<string>("--device") { HelpName = "cpu|cuda[:n]|auto", Description = "The GPU to fit the model to; cpu for none.", DefaultValueFactory = _ => "auto" };
        var command = new Command("inspect", "Shows what a model holds and what it needs. Example: agentrt model inspect tiny-coder") { model, json, context, device };
        command.SetAction(result =>
        {
            var output = result.InvocationConfiguration.Output;
            using var file = ModelLoader.Open(ModelResolver.Find(result.GetRequiredValue(model)));
            var found = ModelInspection.Of(file);
            var tokens = result.GetValue(context) ?? Math.Min(found.ContextLength ?? 0, EngineOptions.DefaultContextLength);
            if (tokens < 0) throw new UsageException($"--context {tokens} is out of range; use a positive number of tokens.");
            var gpu = file.Problem is null && file.Config is not null && file.Tensors.Count > 0 ? GpuFitting.Of(file, Math.Max(1, tokens), result.GetValue(device)!) : null;
            if (result.GetValue(json))
            {
                JsonLines.Write(output, new
                {
                    found.Architecture,
                    found.Name,
                    found.Parameters,
                    found.Quantization,
                    found.ContextLength,
                    found.Vocabulary,
                    found.Layers,
                    found.Template,
                    found.Problem,
                    found.WeightBytes,
                    KvContext = tokens,
                    KvBytes = found.KvBytes(tokens),
                    MemoryBytes = found.MemoryBytes(tokens),
                    Gpu = gpu?.Json,
                    Tensors = found.Tensors.Select(t => new { t.Name, t.Type, t.Shape }),
                });
            }
            else
            {
                Show(Consoles.For(output), found, tokens, gpu);
            }
        });
        return command;
    }

    private static void Show(IAnsiConsole console, ModelInspection found, int tokens, GpuFitting? gpu)
    {
        var table = new Table().Border(TableBorder.None).HideHeaders().AddColumns("", "");
        void Row(string name, string? value) => table.AddRow($"[bold]{name}[/]", Markup.Escape(value ?? "not stated"));
        Row("name", found.Name);
        Row("architecture", found.Architecture);
        Row("parameters", found.Parameters.ToString("N0", CultureInfo.InvariantCulture));
        Row("quantization", found.Quantization);
        Row("layers", found.Layers?.ToString(CultureInfo.InvariantCulture));
        Row("context length", found.ContextLength?.ToString("N0", CultureInfo.InvariantCulture));
        Row("vocabulary", found.Vocabulary?.ToString("N0", CultureInfo.InvariantCulture));
        Row("chat template", found.Template ? "yes" : "no");
        Row("weights", Sizes.Megabytes(found.WeightBytes));
        Row("memory", found.MemoryBytes(tokens) is { } bytes ? string.Create(CultureInfo.InvariantCulture, $"{Sizes.Megabytes(bytes)} with a context of {tokens:N0} tokens") : "unknown");
        if (gpu is not null) Row("gpu", gpu.Text);
        Row("problem", found.Problem ?? "none");
        console.Write(table);
    }
}
