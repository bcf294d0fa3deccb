using System.Runtime.InteropServices;
using System.Text.Json;
using AgentRuntime.AgentHost.Conversations;
using AgentRuntime.AgentHost.Events;

namespace AgentRuntime.AgentHost.Journal;

/// <summary>Writes one run to the journal as it happens. Every method has written when it returns.</summary>
public sealed class RunRecorder : IDisposable
{
    private readonly JournalDatabase _database;
    private readonly TimeProvider _time;
    private readonly IDisposable _runLock;

    private readonly Func<string, string> _mask;

    internal RunRecorder(JournalDatabase database, TimeProvider time, string id, IDisposable runLock, Func<string, string>? mask)
    {
        _mask = mask ?? (text => text);
        _database = database;
        _time = time;
        _runLock = runLock;
        Id = id;
    }

    /// <summary>Id of the run.</summary>
    public string Id { get; }

    /// <summary>Records a whole reply with its token ids.</summary>
    public void Reply(int step, Reply reply) => _database.Execute(
        "INSERT INTO replies VALUES ($run, $step, $content, $tokens, $finish, $usage)",
        ("$run", Id), ("$step", step), ("$content", _mask(JournalJson.Write(reply.Message))),
        ("$tokens", MemoryMarshal.AsBytes<int>(reply.TokenIds.ToArray()).ToArray()),
        ("$finish", reply.FinishReason.ToString()), ("$usage", JsonSerializer.Serialize(reply.Usage)));

    /// <summary>Records that a tool call is about to start. Recording it again, in a resumed run, is the same as once.</summary>
    public void CallStarted(int step, int ordinal, string id, string name, string arguments) => _database.Execute(
        "INSERT INTO calls (run, step, ordinal, id, name, arguments) VALUES ($run, $step, $ordinal, $id, $name, $arguments) ON CONFLICT DO NOTHING",
        ("$run", Id), ("$step", step), ("$ordinal", ordinal), ("$id", id), ("$name", name), ("$arguments", _mask(arguments)));

    /// <summary>Takes back that a call has started: it was stopped before it did anything.</summary>
    public void CallWithdrawn(int step, int ordinal) => _database.Execute(
        "DELETE FROM calls WHERE run = $run AND step = $step AND ordinal = $ordinal",
        ("$run", Id), ("$step", step), ("$ordinal", ordinal));

    /// <summary>Records what a call that has started is about to do to a file.</summary>
    public void CallEffect(int step, int ordinal, FileEffect effect) => _database.Execute(
        "UPDATE calls SET effect = $effect WHERE run = $run AND step = $step AND ordinal = $ordinal",
        ("$run", Id), ("$step", step), ("$ordinal", ordinal), ("$effect", _mask(JsonSerializer.Serialize(effect))));

    /// <summary>Records how a tool call ended.</summary>
    public void CallCompleted(int step, int ordinal, string result, bool ok, TimeSpan duration) => _database.Execute(
        "UPDATE calls SET result = $result, ok = $ok, duration_ms = $ms WHERE run = $run AND step = $step AND ordinal = $ordinal",
        ("$run", Id), ("$step", step), ("$ordinal", ordinal), ("$result", _mask(result)), ("$ok", ok ? 1 : 0), ("$ms", duration.TotalMilliseconds));

    /// <summary>Records that a step ended.</summary>
    public void Step(StepCompleted timings) => _database.Execute(
        "INSERT INTO steps VALUES ($run, $step, $timings) ON CONFLICT DO UPDATE SET timings = $timings",
        ("$run", Id), ("$step", timings.Step), ("$timings", JournalJson.Write(timings)));

    /// <summary>Records how the run stands.</summary>
    public void SetStatus(RunStatus status, string? answer) => _database.Execute(
        "UPDATE runs SET status = $status, answer = $answer, updated_at = $now WHERE id = $run",
        ("$run", Id), ("$status", status.ToString()), ("$answer", answer is null ? null : _mask(answer)), ("$now", RunJournal.Text(_time.GetUtcNow())));

    /// <inheritdoc/>
    public void Dispose() => _runLock.Dispose();
}
