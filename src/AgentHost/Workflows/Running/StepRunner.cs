using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Journal;
using AgentRuntime.AgentHost.Workflows.Events;
using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.AgentHost.Workflows.Validation;
using AgentRuntime.Engine;
using AgentRuntime.Tools;
using Polly.Timeout;

namespace AgentRuntime.AgentHost.Workflows.Running;

/// <summary>Runs one step of a workflow: its condition, its items, its attempts, and its entries in the journal.</summary>
internal sealed class StepRunner(
    RunScope run, LoadedWorkflow loaded, string prefix, SessionPool sessions, ToolSteps tools, ModelSteps models, Func<StepInstance, JsonObject, CancellationToken, Task<JsonObject>> callWorkflow)
{
    private const int DefaultItemsAtOnce = 8;
    private const int MaxItems = 10_000;

    /// <summary>Runs a step. Whatever a step can do wrong is in the result; only cancellation and defects are thrown.</summary>
    public async Task<StepResult> RunAsync(WorkflowStep step, ExpressionContext context, CancellationToken cancellationToken)
    {
        var path = prefix + step.Id;
        var start = run.ElapsedMs;
        if (step.If is not null && !Evaluator.IsTrue(step.If, context)) return Skip(path, "its condition is false");
        if (step.ForEach is null) return await RunOneAsync(new(step, path, context), cancellationToken).ConfigureAwait(false);

        var meter = new StepMeter();
        var (result, items) = await RunItemsAsync(step, path, context, meter, cancellationToken).ConfigureAwait(false);
        Completed(path, result, false, start, items, meter);
        return result;
    }

    /// <summary>Says that a step does not run.</summary>
    public StepResult Skip(string path, string reason)
    {
        var result = new StepResult(StepOutcome.Skipped, null, reason);
        Completed(path, result, false, run.ElapsedMs, null, new());
        return result;
    }

    private async Task<(StepResult Result, int? Items)> RunItemsAsync(
        WorkflowStep step, string path, ExpressionContext context, StepMeter meter, CancellationToken cancellationToken)
    {
        if (Evaluator.Resolve(step.ForEach!, context) is not JsonArray list) return (Failure("'foreach' is no list"), null);
        if (list.Count > MaxItems) return (Failure($"'foreach' has {list.Count:N0} items; at most {MaxItems:N0} are run"), null);
        var results = new StepResult[list.Count];
        var atOnce = step.Session.Mode == SessionMode.Shared ? 1 : step.MaxParallel ?? DefaultItemsAtOnce;
        await Parallel.ForAsync(0, list.Count, new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellationToken }, async (index, token) =>
        {
            var item = new StepInstance(step, $"{path}[{index}]", context.With("item", list[index]).With("index", index), list[index]);
            results[index] = await RunOneAsync(item, token, meter).ConfigureAwait(false);
        }).ConfigureAwait(false);

        var failed = Enumerable.Range(0, results.Length).Where(i => results[i].Outcome == StepOutcome.Failure).ToList();
        var names = results.SelectMany(r => r.Outputs?.Select(o => o.Key) ?? []).Distinct().ToList();
        var outputs = new JsonObject(names.Select(name => KeyValuePair.Create(name, (JsonNode?)new JsonArray([.. results.Select(r => r.Outputs?[name]?.DeepClone())]))));
        if (names.Count == 0) outputs = Empty(step);
        return (failed.Count == 0
            ? new(StepOutcome.Success, outputs, null)
            : new(StepOutcome.Failure, outputs, $"{failed.Count} of {results.Length} items failed; [{failed[0]}]: {results[failed[0]].Message}"), results.Length);
    }

    private async Task<StepResult> RunOneAsync(StepInstance instance, CancellationToken cancellationToken, StepMeter? total = null)
    {
        var start = run.ElapsedMs;
        var meter = new StepMeter();
        StepResult result;
        var recorded = false;
        try
        {
            (result, recorded) = await ResolveAndRunAsync(instance, meter, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (IsFailure(e))
        {
            result = Failure(Sentence(e, instance.Step)) with { Outputs = run.Mask.Apply((e as StepFailedException)?.Outputs) as JsonObject };
            run.Recorder.Failed(instance.Path, result.Message!);
        }
        total?.Add(meter.Cost);
        run.Meter.Add(meter.Cost);
        Completed(instance.Path, result, recorded, start, null, meter);
        return result;
    }

    private async Task<(StepResult Result, bool Recorded)> ResolveAndRunAsync(StepInstance instance, StepMeter meter, CancellationToken cancellationToken)
    {
        var step = instance.Step;
        var inputs = instance.ResolveInputs();
        var slot = step.Action.UsesModel ? sessions.Open(step, meter) : null;
        var key = StepKey.Of(step, inputs, instance.Item, slot?.Lineage ?? "", loaded.Called.GetValueOrDefault(step.Id));
        if (run.Recorder.Find(instance.Path, key) is { Status: RunStatus.Completed, Outputs: { } known } earlier && JsonValues.TryParse(known, out var value) && value is JsonObject outputs)
        {
            if (slot is not null)
            {
                slot.Advance(key, earlier.Transcript is { } transcript ? TranscriptEntry.Read(transcript) : []);
                await sessions.KeepAsync(step, slot, cancellationToken).ConfigureAwait(false);
            }
            return (new(StepOutcome.Success, WithDeclared(instance, outputs), null), true);
        }

        run.Emit(new WorkflowStepStarted(run.Run, instance.Path, step.Action.Key, step.Title));
        // An agent that an earlier process left is found in the journal by what stands there now.
        if (run.Recorder.Find(instance.Path, key) is not { Status: RunStatus.Running, AgentRun: not null }) run.Recorder.Started(instance.Path, key);
        try
        {
            var attempts = new StepAttempts(run, instance);
            var (made, added) = await attempts.RunAsync(token => AttemptAsync(instance, key, inputs, slot, meter, token), cancellationToken).ConfigureAwait(false);
            made = (JsonObject)run.Mask.Apply(made)!;
            run.Recorder.Completed(instance.Path, JsonValues.Json(made), added.Count == 0 ? null : run.Mask.Apply(TranscriptEntry.Write(added)));
            if (slot is not null)
            {
                slot.Advance(key, added);
                await sessions.KeepAsync(step, slot, cancellationToken).ConfigureAwait(false);
            }
            return (new(StepOutcome.Success, WithDeclared(instance, made), null), false);
        }
        catch when (slot is not null)
        {
            await SessionPool.DropAsync(step, slot).ConfigureAwait(false);
            throw;
        }
    }

    private async Task<(JsonObject Outputs, IReadOnlyList<TranscriptEntry> Added)> AttemptAsync(
        StepInstance instance, string key, JsonObject inputs, SessionSlot? slot, StepMeter meter, CancellationToken cancellationToken)
    {
        if (instance.Step.Action is WorkflowAction) return (await callWorkflow(instance, inputs, cancellationToken).ConfigureAwait(false), []);
        if (slot is null) return (await tools.RunAsync(instance, inputs, cancellationToken).ConfigureAwait(false), []);

        var conversation = await slot.OpenAsync(cancellationToken).ConfigureAwait(false);
        var before = conversation.ContextTokens == 0 ? null : conversation.Checkpoint();
        var computed = conversation.ComputedTokens;
        var recording = new RecordingConversation(conversation);
        try
        {
            return (await models.RunAsync(instance, key, inputs, recording, meter, cancellationToken).ConfigureAwait(false), recording.Transcript);
        }
        catch
        {
            // The next attempt begins where this one began, and steps that share the conversation never see it.
            meter.AddComputed(conversation.ComputedTokens - computed);
            computed = conversation.ComputedTokens;
            await slot.UndoAsync(before).ConfigureAwait(false);
            throw;
        }
        finally
        {
            meter.AddComputed(conversation.ComputedTokens - computed);
        }
    }

    /// <summary>The outputs of the action and those that the step declares.</summary>
    private static JsonObject WithDeclared(StepInstance instance, JsonObject outputs)
    {
        var context = instance.Context.With("result", outputs.DeepClone());
        foreach (var output in instance.Step.Outputs) outputs[output.Name] = Evaluator.Resolve(output.Value, context);
        return outputs;
    }

    /// <summary>The outputs of a <c>foreach</c> over nothing: empty lists.</summary>
    private JsonObject Empty(WorkflowStep step) => new(
        StepTypes.OfAction(step.Action, loaded.Called.GetValueOrDefault(step.Id)).Keys.Concat(step.Outputs.Select(o => o.Name)).Distinct()
            .Select(name => KeyValuePair.Create(name, (JsonNode?)new JsonArray())));

    private void Completed(string path, StepResult result, bool recorded, double start, int? items, StepMeter meter) => run.Emit(new WorkflowStepCompleted(
        run.Run, path, StepResult.Name(result.Outcome), recorded, start, run.ElapsedMs - start, items,
        meter.Cost == StepCost.None ? null : meter.Cost, result.Outputs?.DeepClone() as JsonObject, result.Message));

    private static StepResult Failure(string message) => new(StepOutcome.Failure, null, message);

    /// <summary>What ends a step, as against what ends the run: a journal that fails, a defect.</summary>
    internal static bool IsFailure(Exception e) => e is TimeoutRejectedException or TimeoutException or ToolsException or IOException or HttpRequestException or UnauthorizedAccessException
        or (EngineException and not JournalException);

    internal static string Sentence(RunScope run, Exception e, WorkflowStep step) => run.Mask.Apply(
        e is TimeoutRejectedException ? $"it took longer than its timeout of {step.Timeout?.TotalSeconds:0.###} s" : e.Message.TrimEnd('.'));

    private string Sentence(Exception e, WorkflowStep step) => Sentence(run, e, step);
}
