using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Journal;
using AgentRuntime.AgentHost.Workflows.Events;
using AgentRuntime.AgentHost.Workflows.Planning;
using AgentRuntime.AgentHost.Workflows.Validation;

namespace AgentRuntime.AgentHost.Workflows.Running;

/// <summary>Runs a checked workflow, from its beginning or from where an earlier process left it.</summary>
/// <param name="host">What it needs of its surroundings.</param>
public sealed class WorkflowRunner(WorkflowHost host)
{
    /// <summary>Runs a workflow. Steps that an earlier process of the same run has done are not done again.</summary>
    /// <param name="loaded">The workflow, checked.</param>
    /// <param name="inputs">Its inputs, checked, with the defaults.</param>
    /// <param name="recorder">The run's journal.</param>
    /// <param name="from">A step that runs again although it has succeeded, and with it all that need it; null for none.</param>
    /// <param name="resumed">Whether the run is recorded already.</param>
    /// <param name="cancellationToken">Stops the run; it can be resumed.</param>
    /// <exception cref="Model.WorkflowException">A secret is not set, or a tool of an MCP server does not exist; nothing was run.</exception>
    /// <exception cref="Tools.ToolsException">An MCP server could not be started; nothing was run.</exception>
    public async Task<WorkflowResult> RunAsync(
        LoadedWorkflow loaded, JsonObject inputs, WorkflowRecorder recorder, string? from = null, bool resumed = false, CancellationToken cancellationToken = default)
    {
        var graph = new StepGraph(loaded.Workflow);
        var run = new RunScope(host, recorder, WorkflowSecrets.Read(loaded, host.Secret));
        if (from is not null)
        {
            if (loaded.Workflow.Find(from) is null) throw new AgentException($"There is no step '{from}' in {loaded.Workflow.File}; it has {string.Join(", ", loaded.Workflow.Steps.Select(s => s.Id))}.");
            foreach (var id in graph.After(from).Select(s => s.Id).Prepend(from)) recorder.Forget(id);
        }

        var frame = await StartAsync(run, loaded, inputs, cancellationToken).ConfigureAwait(false);
        await using var _ = frame.ConfigureAwait(false);
        recorder.SetStatus(RunStatus.Running, null);
        run.Emit(new WorkflowStarted(run.Run, loaded.Workflow.Name, Path.GetFullPath(loaded.Workflow.File), [.. graph.Order.Select(s => s.Id)], resumed));
        try
        {
            var outputs = await frame.RunAsync(cancellationToken).ConfigureAwait(false);
            if (frame.Failed.Count > 0) return End(run, RunStatus.Failed, outputs, frame.Failed, $"The steps that failed: {string.Join(", ", frame.Failed)}.");
            recorder.SetStatus(RunStatus.Completed, null);
            run.Emit(new WorkflowCompleted(run.Run, run.ElapsedMs, run.Meter.Cost, (JsonObject)outputs.DeepClone()));
            return new(run.Run, RunStatus.Completed, outputs, [], run.Meter.Cost);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return End(run, RunStatus.Cancelled, [], frame.Failed, "The run was stopped.");
        }
    }

    private static async Task<WorkflowFrame> StartAsync(RunScope run, LoadedWorkflow loaded, JsonObject inputs, CancellationToken cancellationToken)
    {
        try
        {
            return await WorkflowFrame.StartAsync(run, loaded, inputs, "", cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (StepRunner.IsFailure(e))
        {
            run.Recorder.SetStatus(RunStatus.Failed, run.Mask.Apply(e.Message));
            throw;
        }
    }

    private static WorkflowResult End(RunScope run, RunStatus status, JsonObject outputs, IReadOnlyList<string> failed, string message)
    {
        run.Recorder.SetStatus(status, message);
        run.Emit(new WorkflowFailed(run.Run, status == RunStatus.Cancelled ? "cancelled" : "failed", run.ElapsedMs, run.Meter.Cost, failed, message));
        return new(run.Run, status, outputs, failed, run.Meter.Cost);
    }
}
