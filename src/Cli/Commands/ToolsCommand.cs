using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Cli.Output;
using Microsoft.Extensions.AI;
using Spectre.Console;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt tools list|call</c>.</summary>
internal static class ToolsCommand
{
    public static Command Create() => new("tools", "The tools that the model is offered. Example: agentrt tools list") { List(), Call() };

    private static Command List()
    {
        var json = new Option<bool>("--json") { Description = "One JSON document." };
        var command = new Command("list", "Lists the tools. Example: agentrt tools list --json") { json };
        command.SetAction(result =>
        {
            // The list does not depend on the repository; nothing is run or read.
            using var host = ToolHost.Create(Directory.GetCurrentDirectory(), Tools.Approval.ApprovalMode.Never, sandboxOff: true);
            var output = result.InvocationConfiguration.Output;
            var tools = host.Dispatcher.Tools;
            if (result.GetValue(json))
            {
                JsonLines.Write(output, tools.Select(t => new { t.Name, t.Description, ReadOnly = host.Dispatcher.IsReadOnly(t.Name), Parameters = t.JsonSchema }));
                return;
            }
            var table = new Table().Border(TableBorder.Simple).AddColumns("tool", "changes things", "does");
            foreach (var tool in tools) table.AddRow(tool.Name, host.Dispatcher.IsReadOnly(tool.Name) ? "" : "yes", Markup.Escape(tool.Description));
            Consoles.For(output).Write(table);
        });
        return command;
    }

    private static Command Call()
    {
        var name = new Argument<string>("NAME") { Description = "Name of the tool." };
        var arguments = new Option<string>("--args") { HelpName = "JSON", Description = "The arguments, a JSON object.", DefaultValueFactory = _ => "{}" };
        var json = new Option<bool>("--json") { Description = "One JSON document." };
        var command = new Command("call", "Runs a tool as the agent would. Example: agentrt tools call read_file --args '{\"path\": \"README.md\"}'") { name, arguments, json };
        var agent = new AgentArguments(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var host = ToolHost.Create(result, agent, agent.Repository(result));
            var tool = result.GetRequiredValue(name);
            if (!host.Dispatcher.Tools.Any(t => t.Name == tool)) throw new UsageException($"There is no tool '{tool}'; 'agentrt tools list' shows them.");
            var call = new FunctionCallContent("call", tool, Parse(result.GetValue(arguments)!));
            var start = Stopwatch.GetTimestamp();
            var outcome = await host.Dispatcher.InvokeAsync(call, cancellationToken: cancellationToken).ConfigureAwait(false);
            var ms = Math.Round(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 3);
            var output = result.InvocationConfiguration.Output;
            if (!result.GetValue(json)) await output.WriteLineAsync(outcome.Text).ConfigureAwait(false);
            else if (outcome.IsError) JsonLines.Write(output, new { Ok = false, Error = new { Kind = outcome.ErrorKindName, Message = outcome.Text }, DurationMs = ms });
            else JsonLines.Write(output, new { Ok = true, Result = outcome.Text, DurationMs = ms });
            return outcome.IsError ? ExitCode.Failure : ExitCode.Success;
        });
        return command;
    }

    private static Dictionary<string, object?> Parse(string json)
    {
        try
        {
            if (JsonNode.Parse(json) is JsonObject) return JsonSerializer.Deserialize<Dictionary<string, object?>>(json)!;
            throw new UsageException("--args is not a JSON object; write it as '{\"path\": \"README.md\"}'.");
        }
        catch (JsonException e)
        {
            throw new UsageException($"--args is not a JSON object: {e.Message}");
        }
    }
}
