using System.Text.Json.Nodes;
using System.Threading.Channels;
using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.AgentHost.Workflows.Planning;
using AgentRuntime.AgentHost.Workflows.Validation;
using AgentRuntime.Tools.Mcp;

namespace AgentRuntime.AgentHost.Workflows.Running;

/// <summary>One workflow under way: the run's own, or one that a step calls. Its steps run as soon as those that they need have ended.</summary>
internal sealed class WorkflowFrame : IAsyncDisposable
{
    private readonly RunScope _run;
    private readonly LoadedWorkflow _loaded;
    private readonly string _prefix;
    private readonly ExpressionContext _context;
    private readonly McpServers _servers;
    private readonly SessionPool _sessions;
    private readonly StepRunner _steps;
    private readonly StepGraph _graph;
    private readonly Dictionary<string, StepResult> _results = new(StringComparer.Ordinal);

    private WorkflowFrame(RunScope run, LoadedWorkflow loaded, string prefix, ExpressionContext context, McpServers servers)
    {
        (_run, _loaded, _prefix, _context, _servers) = (run, loaded, prefix, context, servers);
        _graph = new(loaded.Workflow);
        IReadOnlyList<McpTool> mcp = [.. servers.Tools];
        var dispatcher = new ToolDispatcher([.. run.Host.Tools(null), .. mcp], run.Host.ToolTimeout, run.Host.Time);
        var models = new ModelSteps(run, mcp);
        _sessions = new(loaded.Workflow, run.Host.Models, models.ToolsOf);
        _steps = new(run, loaded, prefix, _sessions, new(run, loaded.Workflow, dispatcher, mcp, (JsonObject)context["env"]!), models, CallAsync);
    }

    /// <summary>The steps that failed and were not allowed to, by their names in events.</summary>
    public IReadOnlyList<string> Failed => [.. _loaded.Workflow.Steps.Where(s => _results.GetValueOrDefault(s.Id) is { Outcome: StepOutcome.Failure, Blocks: true }).Select(s => _prefix + s.Id)];

    /// <summary>Starts what the workflow needs before its first step.</summary>
    /// <param name="run">The run.</param>
    /// <param name="loaded">The workflow.</param>
    /// <param name="inputs">Its inputs, checked, with the defaults.</param>
    /// <param name="prefix">What stands before the names of its steps: empty, or that of the calling step and a slash.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<WorkflowFrame> StartAsync(RunScope run, LoadedWorkflow loaded, JsonObject inputs, string prefix, CancellationToken cancellationToken)
    {
        var workflow = loaded.Workflow;
        var context = ExpressionContext.Empty.With("inputs", inputs).With("secrets", run.Secrets);
        var env = new JsonObject(workflow.Env.Select(e => KeyValuePair.Create(e.Name, (JsonNode?)Evaluator.Text(e.Value, context))));
        context = context.With("env", env);
        var servers = await McpConnections.StartAsync(run.Host, workflow, context, cancellationToken).ConfigureAwait(false);
        try
        {
            McpConnections.Check(workflow, servers);
            return new(run, loaded, prefix, context, servers);
        }
        catch
        {
            await servers.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Runs the steps, and computes the outputs from what there is.</summary>
    public async Task<JsonObject> RunAsync(CancellationToken cancellationToken)
    {
        await RunStepsAsync(cancellationToken).ConfigureAwait(false);
        return (JsonObject)_run.Mask.Apply(Evaluator.Resolve(_loaded.Workflow.Outputs, Context()))!;
    }

    public async ValueTask DisposeAsync()
    {
        await _sessions.DisposeAsync().ConfigureAwait(false);
        await _servers.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>
    /// Steps that are ready wait in one bounded channel for a free worker, results come back through another. Only this method
    /// looks at the graph.
    /// </summary>
    private async Task RunStepsAsync(CancellationToken cancellationToken)
    {
        var steps = _loaded.Workflow.Steps;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ready = Channel.CreateBounded<(WorkflowStep Step, ExpressionContext Context)>(steps.Count);
        var done = Channel.CreateBounded<(WorkflowStep Step, StepResult Result)>(steps.Count);
        var workers = Enumerable.Range(0, Math.Min(_run.Host.MaxParallel, steps.Count)).Select(_ => Task.Run(WorkAsync, CancellationToken.None)).ToList();
        try
        {
            var edges = steps.SelectMany(s => s.Needs.Select(n => (First: n.Name, Second: s.Id))).Concat(SessionPool.Order(_loaded.Workflow, _graph)).Distinct().ToList();
            var waiting = steps.ToDictionary(s => s.Id, s => edges.Count(e => e.Second == s.Id), StringComparer.Ordinal);
            foreach (var step in steps.Where(s => waiting[s.Id] == 0)) Begin(step);
            while (_results.Count < steps.Count)
            {
                var (step, result) = await done.Reader.ReadAsync(stop.Token).ConfigureAwait(false);
                Settle(step, result);
            }

            void Settle(WorkflowStep step, StepResult result)
            {
                _results[step.Id] = result with { Blocks = result.Blocks || (result.Outcome == StepOutcome.Failure && !step.ContinueOnError) };
                foreach (var (_, second) in edges.Where(e => e.First == step.Id))
                {
                    if (--waiting[second] == 0) Begin(_loaded.Workflow.Find(second)!);
                }
            }

            void Begin(WorkflowStep step)
            {
                var culprit = step.Needs.FirstOrDefault(n => _results[n.Name].Blocks);
                if (culprit is null) ready.Writer.TryWrite((step, Context()));
                else Settle(step, _steps.Skip(_prefix + step.Id, $"it needs '{culprit.Name}', which {(_results[culprit.Name].Outcome == StepOutcome.Failure ? "failed" : "was held back")}") with { Blocks = true });
            }
        }
        catch (ChannelClosedException e) when (e.InnerException is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(e.InnerException);
        }
        finally
        {
            ready.Writer.TryComplete();
            if (_results.Count < steps.Count) await stop.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(workers).ConfigureAwait(false);
        }

        async Task WorkAsync()
        {
            try
            {
                await foreach (var (step, context) in ready.Reader.ReadAllAsync(stop.Token).ConfigureAwait(false))
                    await done.Writer.WriteAsync((step, await _steps.RunAsync(step, context, stop.Token).ConfigureAwait(false)), stop.Token).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                // Ends the run: the reader gets it, and stops the other workers.
                done.Writer.TryComplete(e);
            }
        }
    }

    private async Task<JsonObject> CallAsync(StepInstance instance, JsonObject inputs, CancellationToken cancellationToken)
    {
        var called = _loaded.Called[instance.Step.Id];
        var problems = new ProblemList(called.Workflow.File);
        var bound = InputValues.Bind(called.Workflow, (JsonObject)inputs["with"]!, problems);
        if (problems.Count > 0) throw new WorkflowException(problems.InOrder());
        var frame = await StartAsync(_run, called, bound, instance.Path + "/", cancellationToken).ConfigureAwait(false);
        await using var _ = frame.ConfigureAwait(false);
        var outputs = await frame.RunAsync(cancellationToken).ConfigureAwait(false);
        return frame.Failed is [var first, ..] ? throw new StepFailedException($"the step '{first}' failed") : outputs;
    }

    private ExpressionContext Context() => _context.With("steps", new JsonObject(_results.Select(r => KeyValuePair.Create(r.Key, (JsonNode?)r.Value.ToExpression()))));
}
