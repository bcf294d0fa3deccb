using System.CommandLine;
using System.Text.Json;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Cli.Output;
using AgentRuntime.Engine;
using AgentRuntime.Engine.Chat;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt model render</c>: what a chat template makes of messages.</summary>
internal static class ModelRenderCommand
{
    public static Command Create()
    {
        var model = new Argument<string?>("MODEL") { Description = "A model with a template.", Arity = ArgumentArity.ZeroOrOne };
        var template = new Option<string?>("--template") { HelpName = "FILE", Description = "A Jinja file instead of a model." };
        var jsonl = ModelCommand.JsonLinesOption();
        var command = new Command("render", "Messages to text: reads {\"messages\": […], \"tools\": …} a line. Example: agentrt model render --template chat.jinja --jsonl") { model, template, jsonl };
        command.SetAction(result =>
        {
            var (parsed, bos, eos) = Load(result.GetValue(model), result.GetValue(template));
            var output = result.InvocationConfiguration.Output;
            foreach (var line in JsonLines.Read<JsonElement>(Console.In, "a JSON object with messages"))
            {
                try
                {
                    var input = ChatTemplateInput.FromJson(line);
                    JsonLines.Write(output, parsed.Render(input with
                    {
                        BosToken = line.TryGetProperty("bos_token", out _) ? input.BosToken : bos,
                        EosToken = line.TryGetProperty("eos_token", out _) ? input.EosToken : eos,
                    }));
                }
                catch (TemplateException e) { JsonLines.Write(output, new { Error = e.Message }); }
            }
        });
        return command;
    }

    private static (ChatTemplate Template, string Bos, string Eos) Load(string? model, string? file)
    {
        switch (model, file)
        {
            case (null, { } path):
                return (ChatTemplate.Parse(File.ReadAllText(path)), "", "");
            case ({ } name, null):
                using (var opened = ModelLoader.Open(ModelResolver.Find(name)))
                {
                    var source = opened.ChatTemplate ?? throw new ModelFormatException($"{opened.Path} has no chat template; give one with --template.");
                    string Text(int? id) => id is { } i ? opened.Vocabulary!.Tokens[i] : "";
                    return (ChatTemplate.Parse(source), Text(opened.Vocabulary?.BosToken), Text(opened.Vocabulary?.EosToken));
                }
            default:
                throw new UsageException("Give a model or --template FILE.");
        }
    }
}
