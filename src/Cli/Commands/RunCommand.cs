using System.CommandLine;
using AgentRuntime.AgentHost;
using AgentRuntime.AgentHost.Journal;
using AgentRuntime.Cli.Hosting;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt run</c> and <c>agentrt runs resume</c>: the coding agent.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var task = new Argument<string?>("TASK") { Description = "What to do.", Arity = ArgumentArity.ZeroOrOne };
        var resume = new Option<string?>("--resume") { HelpName = "RUN", Description = "Goes on with a recorded run instead of beginning one." };
        var command = new Command("run", "Lets the agent do a task on a repository. Example: agentrt run --repo . \"The tests fail. Find the cause and fix it.\"") { task, resume };
        var options = new RunOptions(command);
        command.SetAction((result, cancellationToken) => (result.GetValue(resume), result.GetValue(task)) switch
        {
            ({ } id, null) => ResumeAsync(result, options, id, cancellationToken),
            (null, { } text) when !string.IsNullOrWhiteSpace(text) => BeginAsync(result, options, text, cancellationToken),
            (null, _) => throw new UsageException("Say what to do: agentrt run \"TASK\"."),
            _ => throw new UsageException("Give a task or --resume, not both."),
        });
        return command;
    }

    /// <summary>The same as <c>run --resume</c>, where people look for it.</summary>
    public static Command CreateResume()
    {
        var run = new Argument<string>("RUN") { Description = "Id of the run, the beginning of it, or 'last'." };
        var command = new Command("resume", "Goes on with a run that was stopped. Example: agentrt runs resume last") { run };
        var options = new RunOptions(command, repository: false);
        command.SetAction((result, cancellationToken) => ResumeAsync(result, options, result.GetRequiredValue(run), cancellationToken));
        return command;
    }

    private static async Task<int> BeginAsync(ParseResult result, RunOptions options, string task, CancellationToken cancellationToken)
    {
        var repository = options.Agent.Repository(result);
        using var journal = new RunJournal(AppPaths.Journal);
        await using var host = await RunHost.CreateAsync(result, options, repository, options.Engine.ModelPath(result), cancellationToken).ConfigureAwait(false);
        var opening = AgentPrompt.Create(repository, task);
        using var recorder = journal.Create(repository, host.ModelPath, task, opening);
        return host.Finish(await host.CreateAgent(recorder).RunAsync(host.Describe(task), opening, cancellationToken).ConfigureAwait(false));
    }

    private static async Task<int> ResumeAsync(ParseResult result, RunOptions options, string id, CancellationToken cancellationToken)
    {
        using var journal = new RunJournal(AppPaths.Journal);
        using var recorder = journal.Continue(id);
        var recorded = journal.Load(recorder.Id);
        var summary = recorded.Summary;
        if (summary.Status == RunStatus.Completed) throw new UsageException($"Run {summary.Id} is complete; there is nothing to resume.");
        if (!Directory.Exists(summary.Repository)) throw new UsageException($"The repository {summary.Repository} of run {summary.Id} does not exist any more.");
        await using var host = await RunHost.CreateAsync(result, options, summary.Repository, options.Engine.ModelPath(result, summary.Model), cancellationToken).ConfigureAwait(false);
        return host.Finish(await host.CreateAgent(recorder).ResumeAsync(host.Describe(summary.Task), host.Recover(recorded), cancellationToken).ConfigureAwait(false));
    }
}
