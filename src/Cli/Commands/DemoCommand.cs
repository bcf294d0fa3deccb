using System.CommandLine;
using AgentRuntime.AgentHost;
using AgentRuntime.AgentHost.Journal;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Cli.Output;
using AgentRuntime.Tools;
using AgentRuntime.Tools.Sandbox;
using Microsoft.Extensions.AI;
using Spectre.Console;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt demo</c>: a small real model fixes an example repository, from the failing test to the passing one.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var names = ExampleRepository.All.Select(e => e.Name).ToArray();
        var name = new Argument<string>("EXAMPLE") { Description = "One of " + string.Join(", ", names) + ".", DefaultValueFactory = _ => names[0] };
        name.AcceptOnlyFromAmong(names);
        var command = new Command("demo", "Fixes an example repository with the bundled model, offline. Example: agentrt demo misspelt-name") { name };
        var options = new RunOptions(command, agent: false);
        command.SetAction((result, cancellationToken) =>
            RunAsync(result, options, ExampleRepository.All.First(e => e.Name == result.GetValue(name)), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult result, RunOptions options, ExampleRepository example, CancellationToken cancellationToken)
    {
        var console = Consoles.For(result.InvocationConfiguration.Error);
        using var journal = new RunJournal(AppPaths.Journal);
        var repository = example.CopyToTemporaryFolder();
        var sandbox = SandboxProbe.Status;
        console.MarkupLine($"[grey]The example {example.Name} was copied to {Markup.Escape(repository)}.[/]");
        if (!sandbox.Works) console.MarkupLine($"[grey]{Markup.Escape(sandbox.Detail)} The only command that may run here is '{DemoPolicy.TestCommand}'.[/]");

        using var tools = ToolHost.Create(repository, sandbox.Sandbox, new DemoPolicy(sandbox.Works));
        await ShowAsync(console, tools, "Before", "run_command", new() { ["command"] = DemoPolicy.TestCommand }, cancellationToken).ConfigureAwait(false);

        console.MarkupLine($"[bold]Task:[/] {Markup.Escape(example.Task)}");
        var opening = AgentPrompt.Create(repository, example.Task);
        await using var host = await RunHost.CreateAsync(result, options, repository, ModelResolver.Find("tiny-coder"), tools, cancellationToken).ConfigureAwait(false);
        using var recorder = journal.Create(repository, host.ModelPath, example.Task, opening);
        var run = await host.CreateAgent(recorder).RunAsync(host.Describe(example.Task), opening, cancellationToken).ConfigureAwait(false);
        if (run.Status == RunStatus.Cancelled) return ExitCode.Cancelled;

        await ShowAsync(console, tools, "The change", "git_diff", [], cancellationToken).ConfigureAwait(false);
        var after = await ShowAsync(console, tools, "After", "run_command", new() { ["command"] = DemoPolicy.TestCommand }, cancellationToken).ConfigureAwait(false);
        await result.InvocationConfiguration.Output.WriteLineAsync(run.Answer).ConfigureAwait(false);
        return run.Status == RunStatus.Completed && after.ExitCode == 0 ? ExitCode.Success : ExitCode.Failure;
    }

    private static async Task<ToolResult> ShowAsync(
        IAnsiConsole console, ToolHost tools, string title, string tool, Dictionary<string, object?> arguments, CancellationToken cancellationToken)
    {
        var result = await tools.Dispatcher.InvokeAsync(new FunctionCallContent("demo", tool, arguments), cancellationToken: cancellationToken).ConfigureAwait(false);
        console.MarkupLine($"[bold]{title}:[/] {Markup.Escape(arguments.Values.FirstOrDefault()?.ToString() ?? tool)}");
        Diffs.Write(console, result.Text);
        console.WriteLine();
        return result;
    }
}
