using System.CommandLine;
using AgentRuntime.AgentHost.Journal;
using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.Cli.Commands;
using AgentRuntime.Cli.Models;
using AgentRuntime.Engine;
using AgentRuntime.Tools;

namespace AgentRuntime.Cli;

/// <summary>The root command, and how every command's errors become one sentence and an exit code.</summary>
internal static class CommandLine
{
    /// <summary>Parses and runs a command line.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken cancellationToken = default)
    {
        var result = CreateRoot().Parse(args);
        if (result.Errors.Count > 0)
        {
            var problem = result.UnmatchedTokens is [var unknown, ..] ? $"'{unknown}' is not expected here" : result.Errors[0].Message.TrimEnd('.');
            await error.WriteLineAsync($"agentrt: {problem}; see 'agentrt {Path(result)}--help'.").ConfigureAwait(false);
            return ExitCode.Usage;
        }
        try
        {
            // A cancelled command needs a moment to stop its tools and write its journal.
            return await result.InvokeAsync(
                new() { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = result.CommandResult.Command.Name == ServeCommand.Name ? ServeCommand.TerminationTimeout : TimeSpan.FromSeconds(10) },
                cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Cancelled;
        }
        catch (WorkflowException e)
        {
            // Each line begins with its file, so that an editor or a terminal leads there.
            await error.WriteLineAsync(Output.VisibleText.Of(e.Message)).ConfigureAwait(false);
            return ExitCode.Usage;
        }
        catch (Exception e) when (e is EngineException or ToolsException or IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync("agentrt: " + e.Message).ConfigureAwait(false);
            return (e is IOException and not (FileNotFoundException or DirectoryNotFoundException)) || e is EngineBusyException or ComputeException or ModelDownloadException or JournalException { InnerException: not null } ? ExitCode.Failure : ExitCode.Usage;
        }
        catch (Exception e) when (Environment.GetEnvironmentVariable("AGENTRT_DEBUG") is null or "")
        {
            await error.WriteLineAsync($"agentrt: an unexpected error, a defect of agentrt: {e.Message} (AGENTRT_DEBUG=1 shows where)").ConfigureAwait(false);
            return ExitCode.Failure;
        }
    }

    private static RootCommand CreateRoot() => new("Runs coding agents and workflows on models on this machine.")
    {
        RunCommand.Create(),
        DemoCommand.Create(),
        RunsCommand.Create(),
        ChatCommand.Create(),
        GenerateCommand.Create(),
        ServeCommand.Create(),
        ModelCommand.Create(),
        ToolsCommand.Create(),
        WorkflowCommand.Create(),
        BenchCommand.Create(),
        DoctorCommand.Create(),
    };

    private static string Path(ParseResult result)
    {
        List<string> names = [];
        for (var command = result.CommandResult; command.Parent is System.CommandLine.Parsing.CommandResult parent; command = parent)
            names.Insert(0, command.Command.Name);
        return names.Count == 0 ? "" : string.Join(' ', names) + " ";
    }
}
