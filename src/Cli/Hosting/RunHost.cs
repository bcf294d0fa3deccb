using System.CommandLine;
using AgentRuntime.AgentHost;
using AgentRuntime.AgentHost.Conversations;
using AgentRuntime.AgentHost.Events;
using AgentRuntime.AgentHost.Journal;
using AgentRuntime.Cli.Output;
using AgentRuntime.Engine;
using Spectre.Console;

namespace AgentRuntime.Cli.Hosting;

/// <summary>What one run needs, put together from the command line: tools, engine, conversation and display.</summary>
internal sealed class RunHost : IAsyncDisposable
{
    private readonly ParseResult _result;
    private readonly RunOptions _options;
    private readonly string _repository;
    private readonly ToolHost _tools;
    private readonly InferenceEngine _engine;
    private readonly ResidentConversation _conversation;
    private readonly Action<AgentEvent> _show;
    private readonly IDisposable? _telemetry;

    private RunHost(ParseResult result, RunOptions options, string repository, string modelPath, ToolHost tools, InferenceEngine engine)
    {
        _result = result;
        _options = options;
        _repository = repository;
        ModelPath = modelPath;
        _tools = tools;
        _engine = engine;
        _conversation = new(engine, tools.Dispatcher.Tools, options.Generation(result), options.Calls(result));
        _show = options.Json(result)
            ? e => result.InvocationConfiguration.Output.WriteLine(AgentEventJson.ToJson(e))
            : new RunDisplay(Consoles.For(result.InvocationConfiguration.Error)).Show;
        _telemetry = options.Telemetry.Start(result);
    }

    /// <summary>Path of the model.</summary>
    public string ModelPath { get; }

    /// <summary>Checks the options and loads the model.</summary>
    public static Task<RunHost> CreateAsync(ParseResult result, RunOptions options, string repository, string modelPath, CancellationToken cancellationToken) =>
        CreateAsync(result, options, repository, modelPath, ToolHost.Create(result, options.Agent, repository), cancellationToken);

    /// <summary>Checks the options and loads the model; the tools are the run's from then on.</summary>
    public static async Task<RunHost> CreateAsync(
        ParseResult result, RunOptions options, string repository, string modelPath, ToolHost tools, CancellationToken cancellationToken)
    {
        _ = (options.Limits(result), options.Generation(result), options.Calls(result), options.Interrupted(result), options.Telemetry.Collector(result));
        var engine = await options.Engine.LoadAsync(result, modelPath, cancellationToken).ConfigureAwait(false);
        try
        {
            return new(result, options, repository, modelPath, tools, engine);
        }
        catch
        {
            await engine.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public Agent CreateAgent(RunRecorder recorder) => new(_conversation, _tools.Dispatcher, recorder, _options.Limits(_result), _show);

    public RunDescription Describe(string task) => new(task, _repository, _conversation.Model);

    /// <summary>A recorded run, with the person at the terminal to ask about a call that was under way.</summary>
    public RunRecovery Recover(RecordedRun recorded) => new(recorded, _tools.Dispatcher.IsReadOnly, AskAboutAsync);

    /// <summary>Prints the answer and gives the exit code.</summary>
    public int Finish(RunResult run)
    {
        if (run.Status == RunStatus.Completed && !_options.Json(_result)) _result.InvocationConfiguration.Output.WriteLine(run.Answer);
        return run.Status switch
        {
            RunStatus.Completed => ExitCode.Success,
            RunStatus.Cancelled => ExitCode.Cancelled,
            _ => ExitCode.Failure,
        };
    }

    public async ValueTask DisposeAsync()
    {
        await _conversation.DisposeAsync().ConfigureAwait(false);
        await _engine.DisposeAsync().ConfigureAwait(false);
        _tools.Dispose();
        _telemetry?.Dispose();
    }

    private async ValueTask<InterruptedCallDecision> AskAboutAsync(RecordedCall call, CancellationToken cancellationToken)
    {
        var error = _result.InvocationConfiguration.Error;
        await error.WriteLineAsync($"Step {call.Step}: {VisibleText.Of(call.Name)} {VisibleText.Of(call.Arguments)} had started when the run was stopped, and may or may not have run.").ConfigureAwait(false);
        if (_options.Interrupted(_result) is { } said) return said;
        if (!Consoles.CanAsk) throw new UsageException("Say what to do with the interrupted call: --interrupted rerun, skip or stop.");
        var prompt = new SelectionPrompt<InterruptedCallDecision>().Title("What now?").AddChoices(Enum.GetValues<InterruptedCallDecision>());
        return await prompt.ShowAsync(Consoles.Error, cancellationToken).ConfigureAwait(false);
    }
}
