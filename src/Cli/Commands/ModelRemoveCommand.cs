using System.CommandLine;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Cli.Models;
using AgentRuntime.Cli.Output;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt model remove</c>: deletes an installed model, or what has been downloaded of one.</summary>
internal static class ModelRemoveCommand
{
    public static Command Create()
    {
        var name = new Argument<string>("NAME") { Description = "The name of an installed model." };
        var command = new Command("remove", "Deletes an installed model. Example: agentrt model remove qwen2.5-0.5b-instruct-q8_0") { name };
        command.SetAction(result =>
        {
            var model = result.GetRequiredValue(name);
            var freed = new ModelFolder(AppPaths.Models).Remove(model);
            result.InvocationConfiguration.Output.WriteLine($"removed {model}, {Sizes.Text(freed)}");
        });
        return command;
    }
}
