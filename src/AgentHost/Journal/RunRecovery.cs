using AgentRuntime.AgentHost.Conversations;
using AgentRuntime.Tools;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Journal;

/// <summary>A recorded run, and what becomes of the calls that were under way when its process died.</summary>
/// <param name="recorded">The run.</param>
/// <param name="isReadOnly">Whether a tool, by name, changes nothing and may simply run again.</param>
/// <param name="ask">Decides about a call that may or may not have had its effect.</param>
public sealed class RunRecovery(
    RecordedRun recorded, Func<string, bool> isReadOnly, Func<RecordedCall, CancellationToken, ValueTask<InterruptedCallDecision>> ask)
{
    private readonly Dictionary<(int Step, int Ordinal), RecordedCall> _calls = recorded.Calls.ToDictionary(c => (c.Step, c.Ordinal));

    /// <summary>The run's first messages.</summary>
    public IReadOnlyList<ChatMessage> Opening => recorded.Opening;

    /// <summary>The model's replies, one a step.</summary>
    public IReadOnlyList<Reply> Replies => recorded.Replies;

    /// <summary>Whether a call had started before the run was stopped.</summary>
    public bool HadStarted(int step, int ordinal) => _calls.ContainsKey((step, ordinal));

    /// <summary>The recorded result of a call, or null when it has none.</summary>
    public string? Result(int step, int ordinal) => _calls.GetValueOrDefault((step, ordinal))?.Result;

    /// <summary>The result of a call that had started, or null when it should run (again).</summary>
    /// <exception cref="OperationCanceledException">The user chose to stop.</exception>
    public async ValueTask<ToolResult?> RecoverAsync(int step, int ordinal, CancellationToken cancellationToken)
    {
        if (_calls.GetValueOrDefault((step, ordinal)) is not { } call || isReadOnly(call.Name)) return null;
        if (call.Effect is { } effect)
        {
            var now = FileEffect.Hash(effect.Path);
            if (now == effect.After) return new(effect.Result);
            if (now == effect.Before) return null;
        }
        return await ask(call, cancellationToken).ConfigureAwait(false) switch
        {
            InterruptedCallDecision.Rerun => null,
            InterruptedCallDecision.Skip => ToolResult.Failed(ToolErrorKind.Interrupted, "this call was interrupted; it may or may not have had its effect"),
            _ => throw new OperationCanceledException(),
        };
    }
}
