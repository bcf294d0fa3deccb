using System.Diagnostics;
using System.Text.Json;
using AgentRuntime.AgentHost.Conversations;
using AgentRuntime.AgentHost.Diagnostics;
using AgentRuntime.AgentHost.Events;
using AgentRuntime.AgentHost.Journal;
using AgentRuntime.Engine;
using AgentRuntime.Engine.Sessions;
using AgentRuntime.Tools;
using AgentRuntime.Tools.Approval;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost;

/// <summary>
/// The read-reason-act loop: the model replies, its tool calls run, their results are appended, until it answers without a
/// call. Everything is journaled before it has an effect, so that a killed run can be resumed.
/// </summary>
/// <param name="conversation">An empty conversation; the agent appends to it and leaves disposing it to the caller.</param>
/// <param name="tools">Runs the tool calls.</param>
/// <param name="recorder">The run's journal.</param>
/// <param name="options">Limits.</param>
/// <param name="onEvent">Told of everything that happens, in order, on the loop's thread.</param>
/// <param name="time">The clock.</param>
public sealed class Agent(
    IConversation conversation, ToolDispatcher tools, RunRecorder recorder, AgentOptions options,
    Action<AgentEvent>? onEvent = null, TimeProvider? time = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly RepetitionGuard _repetition = new(options.SameCallLimit);
    private readonly string _run = recorder.Id;
    private RunTotals _totals = new(0, 0, 0, 0, 0);
    private TimeSpan _toolTime;
    private TimeSpan _approvalTime;
    private int _step;
    private int _unreadable;

    /// <summary>Runs a new run to its end.</summary>
    /// <param name="description">What it is, for the events.</param>
    /// <param name="opening">The first messages, see <see cref="AgentPrompt"/>.</param>
    /// <param name="cancellationToken">Stops the run; it can be resumed.</param>
    public Task<RunResult> RunAsync(RunDescription description, IReadOnlyList<ChatMessage> opening, CancellationToken cancellationToken = default) =>
        GuardAsync(description, false, async () =>
        {
            await conversation.AppendAsync(opening, cancellationToken).ConfigureAwait(false);
            return await LoopAsync(cancellationToken).ConfigureAwait(false);
        });

    /// <summary>Goes on with a recorded run. Calls that have a result are not run again.</summary>
    /// <param name="description">What it is, for the events.</param>
    /// <param name="recovery">What is recorded of it.</param>
    /// <param name="cancellationToken">Stops the run; it can be resumed again.</param>
    public Task<RunResult> ResumeAsync(
        RunDescription description, RunRecovery recovery, CancellationToken cancellationToken = default) =>
        GuardAsync(description, true, async () =>
        {
            await conversation.AppendAsync(recovery.Opening, cancellationToken).ConfigureAwait(false);
            foreach (var reply in recovery.Replies)
            {
                _step++;
                await conversation.AppendReplyAsync(reply, cancellationToken).ConfigureAwait(false);
                if (await ActAsync(reply, recovery, cancellationToken).ConfigureAwait(false) is { } answer) return answer;
            }
            return await LoopAsync(cancellationToken).ConfigureAwait(false);
        });

    private async Task<string> LoopAsync(CancellationToken cancellationToken)
    {
        while (_step < options.MaxSteps)
        {
            if (await StepAsync(cancellationToken).ConfigureAwait(false) is { } answer) return answer;
        }
        throw new StepLimitException(options.MaxSteps);
    }

    /// <summary>One reply and its tool calls. Returns the answer when the reply is one.</summary>
    private async Task<string?> StepAsync(CancellationToken cancellationToken)
    {
        var start = _time.GetTimestamp();
        _step++;
        Emit(new StepStarted(_run, _step));
        var reply = await RespondAsync(cancellationToken).ConfigureAwait(false);
        recorder.Reply(_step, reply);
        _toolTime = _approvalTime = TimeSpan.Zero;
        var answer = await ActAsync(reply, null, cancellationToken).ConfigureAwait(false);
        Account(reply.Usage, _time.GetElapsedTime(start));
        return answer;
    }

    private async Task<Reply> RespondAsync(CancellationToken cancellationToken)
    {
        if (options.TokenBudget > 0 && conversation.ContextTokens > options.TokenBudget)
            throw new TokenBudgetExceededException(conversation.ContextTokens, options.TokenBudget);
        using var operation = AgentOperation.Reply(_run, conversation.Model, options.RecordContents, _time);
        try
        {
            var reply = await ReadReplyAsync(cancellationToken).ConfigureAwait(false);
            operation.Complete(reply);
            return reply;
        }
        catch (Exception e)
        {
            operation.Fail(e.GetType().Name);
            throw;
        }
    }

    private async Task<Reply> ReadReplyAsync(CancellationToken cancellationToken)
    {
        await foreach (var part in conversation.RespondAsync(cancellationToken).ConfigureAwait(false))
        {
            if (part.Text is { } text) Emit(new MessageDelta(_run, _step, text, false));
            else if (part.Reasoning is { } reasoning) Emit(new MessageDelta(_run, _step, reasoning, true));
            else if (part.Reply is { FinishReason: FinishReason.Cancelled }) throw new OperationCanceledException(cancellationToken);
            else if (part.Reply is { } reply) return reply;
        }
        throw new UnreachableException("A conversation ended its reply without the reply.");
    }

    /// <summary>Runs a reply's calls and appends their results. Returns the answer when there are no calls.</summary>
    private async Task<string?> ActAsync(Reply reply, RunRecovery? recovery, CancellationToken cancellationToken)
    {
        List<ChatMessage> results = [];
        _unreadable = reply.Calls.Any() && reply.Calls.All(call => call.Exception is not null) ? _unreadable + 1 : 0;
        if (_unreadable > options.UnreadableReplyLimit)
            throw new NoProgressException($"The model wrote {_unreadable} replies in a row whose tool calls could not be read; the last one: {reply.Calls.First().Exception!.Message}.");
        foreach (var call in reply.Calls)
        {
            var text = recovery?.Result(_step, results.Count) ?? await CallAsync(call, results.Count, recovery, cancellationToken).ConfigureAwait(false);
            results.Add(new(ChatRole.Tool, [new FunctionResultContent(call.CallId, text)]));
        }
        if (results.Count > 0)
            await conversation.AppendAsync(results, cancellationToken).ConfigureAwait(false);
        else if (reply.FinishReason == FinishReason.Length)
            await conversation.AppendAsync([new(ChatRole.User, "Your reply was cut off because it was too long. Go on with a shorter one.")], cancellationToken).ConfigureAwait(false);
        else if (reply.Message.Text.Trim() is { Length: > 0 } answer)
            return answer;
        else
            throw new NoProgressException("The model ended its reply without an answer or a tool call.");
        return null;
    }

    /// <summary>Runs one call between its two entries in the journal and returns what the model sees.</summary>
    private async Task<string> CallAsync(FunctionCallContent call, int ordinal, RunRecovery? recovery, CancellationToken cancellationToken)
    {
        var start = _time.GetTimestamp();
        var arguments = ToolDispatcher.ArgumentsText(call);
        var refusal = _repetition.Observe(call.Name, arguments);
        recorder.CallStarted(_step, ordinal, call.CallId, call.Name, arguments);
        using var operation = AgentOperation.Tool(call, arguments, options.RecordContents, _time);
        Emit(new ToolStarted(_run, _step, call.CallId, call.Name, arguments));
        ToolResult result;
        try
        {
            result = refusal is not null ? ToolResult.Failed(ToolErrorKind.NoProgress, refusal)
                : recovery is not null && await recovery.RecoverAsync(_step, ordinal, cancellationToken).ConfigureAwait(false) is { } recovered ? recovered
                : await tools.InvokeAsync(
                    call,
                    text => Emit(new ToolOutput(_run, _step, call.CallId, text)),
                    change => recorder.CallEffect(_step, ordinal, FileEffect.Of(change)),
                    cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (ApprovalCancelledException) when (recovery?.HadStarted(_step, ordinal) != true)
        {
            // Nobody has to be asked what became of a call that was never allowed to begin.
            recorder.CallWithdrawn(_step, ordinal);
            operation.Fail(nameof(ApprovalCancelledException));
            throw;
        }
        catch (Exception e)
        {
            operation.Fail(e.GetType().Name);
            throw;
        }
        operation.Complete(result);
        // How long a person thought is neither the tool's time nor the loop's.
        var elapsed = _time.GetElapsedTime(start) - result.ApprovalTime;
        _approvalTime += result.ApprovalTime;
        _toolTime += elapsed;
        recorder.CallCompleted(_step, ordinal, result.Text, !result.IsError, elapsed);
        Emit(new ToolCompleted(_run, _step, call.CallId, call.Name, !result.IsError, result.Text, result.Diff, elapsed.TotalMilliseconds));
        return result.Text;
    }

    private void Account(Usage usage, TimeSpan wall)
    {
        _totals = _totals with
        {
            PromptTokens = _totals.PromptTokens + usage.PromptTokens,
            CachedTokens = _totals.CachedTokens + usage.CachedTokens,
            OutputTokens = _totals.OutputTokens + usage.OutputTokens,
        };
        var model = usage.QueueTime + usage.PrefillTime + usage.DecodeTime;
        var timings = new StepCompleted(
            _run, _step, usage.PromptTokens, usage.CachedTokens, usage.NewTokens, usage.OutputTokens,
            usage.TimeToFirstToken.TotalMilliseconds, usage.PrefillTime.TotalMilliseconds, usage.DecodeTime.TotalMilliseconds,
            _toolTime.TotalMilliseconds, Math.Max(0, (wall - model - _toolTime - _approvalTime).TotalMilliseconds))
        {
            ForcedTokens = usage.ForcedTokens,
        };
        recorder.Step(timings);
        Emit(timings);
    }

    /// <summary>Runs the loop and turns every way in which it can end into a recorded status and an event.</summary>
    private async Task<RunResult> GuardAsync(RunDescription description, bool resumed, Func<Task<string>> loop)
    {
        var start = _time.GetTimestamp();
        recorder.SetStatus(RunStatus.Running, null);
        using var operation = AgentOperation.Run(_run, description, options.RecordContents, _time);
        Emit(new RunStarted(_run, description.Task, description.Repository, description.Model, resumed));
        var (status, text) = await EndAsync(loop).ConfigureAwait(false);
        _totals = _totals with { ComputedTokens = conversation.ComputedTokens, ContextTokens = conversation.ContextTokens };
        try { recorder.SetStatus(status, text); }
        catch (JournalException e) { (status, text) = (RunStatus.Failed, e.Message); }
        operation.Complete(status, text);
        var ms = _time.GetElapsedTime(start).TotalMilliseconds;
        Emit(status == RunStatus.Completed
            ? new RunCompleted(_run, "completed", _step, ms, text, _totals)
            : new RunFailed(_run, JsonNamingPolicy.SnakeCaseLower.ConvertName(status.ToString()), _step, ms, text, true, _totals));
        return new(_run, status, _step, text, _totals);
    }

    private static async Task<(RunStatus Status, string Text)> EndAsync(Func<Task<string>> loop)
    {
        try { return (RunStatus.Completed, await loop().ConfigureAwait(false)); }
        catch (OperationCanceledException) { return (RunStatus.Cancelled, "The run was stopped; it can be resumed."); }
        catch (StepLimitException e) { return (RunStatus.StepLimit, e.Message); }
        catch (NoProgressException e) { return (RunStatus.NoProgress, e.Message); }
        catch (Exception e) when (e is ContextOverflowException or TokenBudgetExceededException) { return (RunStatus.Overflow, e.Message); }
        catch (Exception e) when (e is EngineException or HttpRequestException or IOException or TimeoutException) { return (RunStatus.Failed, e.Message); }
    }

    private void Emit(AgentEvent value) => onEvent?.Invoke(value);
}
