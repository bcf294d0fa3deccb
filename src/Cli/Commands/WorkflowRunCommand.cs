using System.CommandLine;
using System.Text.Json.Nodes;
using AgentRuntime.AgentHost;
using AgentRuntime.AgentHost.Journal;
using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.AgentHost.Workflows.Running;
using AgentRuntime.AgentHost.Workflows.Validation;
using AgentRuntime.Cli.Hosting;
using AgentRuntime.Cli.Output;

namespace AgentRuntime.Cli.Commands;

/// <summary><c>agentrt workflow run</c>: runs a workflow, or goes on with a run of one.</summary>
internal sealed class WorkflowRunCommand
{
    private readonly Option<string?> _resume = new("--resume") { HelpName = "RUN", Description = "Goes on with a recorded run, or 'last': what has succeeded is not run again." };
    private readonly Option<string?> _from = new("--from") { HelpName = "STEP", Description = "With --resume: runs this step again, and all that need it." };
    private readonly Option<bool> _json = new("--json") { Description = "An event per line as JSON." };
    private readonly Command _command;
    private readonly WorkflowArguments _workflow;
    private readonly WorkflowRunOptions _options;

    private WorkflowRunCommand()
    {
        _command = new("run", "Runs a workflow. Example: agentrt workflow run build.yaml --input topic=parsers --approval auto") { _resume, _from };
        _workflow = new(_command, optional: true);
        _options = new(_command);
        _command.Options.Add(_json);
        _command.SetAction(RunAsync);
    }

    public static Command Create() => new WorkflowRunCommand()._command;

    private async Task<int> RunAsync(ParseResult result, CancellationToken cancellationToken)
    {
        using var journal = new RunJournal(AppPaths.Journal);
        if (result.GetValue(_resume) is { } id)
        {
            if (_workflow.HasInputs(result)) throw new UsageException("A resumed run has the inputs that it began with; leave out --input.");
            // Before it is taken: a run that cannot go on should say why, not that it is busy.
            var recorded = journal.Workflows.Load(id);
            var again = Reload(result, recorded, out var recordedInputs);
            var recordedModel = Models(result, again, recorded.Model);
            using var continued = journal.Workflows.Continue(recorded.Id);
            return await RunAsync(result, journal, continued, again, recordedInputs, recorded.Repository, recordedModel, true, cancellationToken).ConfigureAwait(false);
        }
        if (result.GetValue(_from) is not null) throw new UsageException("--from goes with --resume: it says which step of a recorded run to run again.");
        var (loaded, inputs) = _workflow.Load(result, complete: true);
        var repository = _options.Agent.Repository(result);
        _options.Check(result, loaded);
        var model = Models(result, loaded, null);
        using var recorder = journal.Workflows.Create(Path.GetFullPath(loaded.Workflow.File), repository, _options.Engine.NamedModel(result), inputs);
        return await RunAsync(result, journal, recorder, loaded, inputs, repository, model, false, cancellationToken).ConfigureAwait(false);
    }

    private LoadedWorkflow Reload(ParseResult result, RecordedWorkflow recorded, out JsonObject inputs)
    {
        if (_workflow.OptionalFile(result) is { } file && Path.GetFullPath(file) != recorded.File)
            throw new UsageException($"Run {recorded.Id} is one of {recorded.File}, not of {file}; leave out the file.");
        if (!Directory.Exists(recorded.Repository)) throw new UsageException($"The repository {recorded.Repository} of run {recorded.Id} does not exist any more.");
        if (recorded.Status == RunStatus.Completed && result.GetValue(_from) is null) throw new UsageException($"Run {recorded.Id} is complete; name a step with --from to run it again.");
        var problems = new ProblemList(recorded.File);
        var loaded = WorkflowLoader.Load(WorkflowArguments.Tools(), problems);
        inputs = loaded is null ? [] : InputValues.Bind(loaded.Workflow, recorded.Inputs, problems);
        return loaded is not null && problems.Count == 0 ? loaded : throw new WorkflowException(problems.InOrder());
    }

    private async Task<int> RunAsync(
        ParseResult result, RunJournal journal, WorkflowRecorder recorder, LoadedWorkflow loaded, JsonObject inputs, string repository, Lazy<string> model, bool resumed,
        CancellationToken cancellationToken)
    {
        var json = result.GetValue(_json);
        var output = result.InvocationConfiguration.Output;
        using var tools = _options.Tools(result, loaded, repository);
        var models = new WorkflowModels(result, _options.Engine, model);
        await using var _ = models.ConfigureAwait(false);
        var display = json ? null : new WorkflowDisplay(Consoles.For(result.InvocationConfiguration.Error), recorder.Id, live: _options.CanShowLive(result, loaded));
        var host = new WorkflowHost
        {
            Repository = repository,
            Tools = tools.Under,
            Approval = tools.Gate,
            Models = models,
            Journal = journal,
            Servers = WorkflowRunOptions.Servers(),
            AskAboutInterrupted = (call, _) => new(_options.Interrupted(result)),
            MaxParallel = _options.MaxParallel(result),
            OnEvent = display is null ? e => output.WriteLine(e.ToJson()) : display.Show,
        };
        var run = new WorkflowRunner(host).RunAsync(loaded, inputs, recorder, result.GetValue(_from), resumed, cancellationToken);
        if (display is not null) await display.WatchAsync(run).ConfigureAwait(false);
        var ended = await run.ConfigureAwait(false);
        if (!json && ended.Status == RunStatus.Completed) Print(output, ended.Outputs);
        return ended.Status switch
        {
            RunStatus.Completed => ExitCode.Success,
            RunStatus.Cancelled => ExitCode.Cancelled,
            _ => ExitCode.Failure,
        };
    }

    /// <summary>The path of the usual model. The models of all steps are found before anything runs.</summary>
    /// <exception cref="UsageException">There is no such model.</exception>
    private Lazy<string> Models(ParseResult result, LoadedWorkflow loaded, string? recorded)
    {
        var usual = new Lazy<string>(() => _options.Engine.ModelPath(result, recorded));
        foreach (var step in loaded.All.SelectMany(w => w.Steps).Where(s => s.Action.UsesModel).DistinctBy(s => s.Model))
            _ = step.Model is null ? usual.Value : ModelResolver.Find(step.Model);
        return usual;
    }

    /// <summary>One output as it is, several as JSON.</summary>
    private static void Print(TextWriter output, JsonObject outputs)
    {
        if (outputs.Count == 1 && outputs.First().Value is JsonValue only && only.TryGetValue<string>(out var text)) output.WriteLine(text);
        else if (outputs.Count > 0) JsonLines.Write(output, outputs);
    }
}
