using System.CommandLine;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Cli.Models;
using AgentRuntime.Cli.Output;
using Spectre.Console;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt model list</c>: what is installed.</summary>
internal static class ModelListCommand
{
    public static Command Create()
    {
        var json = new Option<bool>("--json") { Description = "A JSON object per model." };
        var command = new Command("list", "Lists installed models. Example: agentrt model list") { json };
        command.SetAction(result =>
        {
            var output = result.InvocationConfiguration.Output;
            var bundled = new FileInfo(ModelResolver.TinyCoder);
            var models = new ModelFolder(AppPaths.Models).List();
            if (bundled.Exists) models = [.. models, new("tiny-coder", bundled.FullName, bundled.Length, IsPartial: false)];
            if (result.GetValue(json))
            {
                foreach (var model in models) JsonLines.Write(output, model);
                return;
            }
            var table = new Table().Border(TableBorder.Simple).AddColumns("model", "size", "path");
            foreach (var model in models)
                table.AddRow(Markup.Escape(model.Name), Sizes.Text(model.Bytes) + (model.IsPartial ? " so far; pull it again to go on" : ""), Markup.Escape(model.Path));
            Consoles.For(output).Write(table);
        });
        return command;
    }
}
