using System.Collections.Concurrent;

namespace AgentRuntime.AgentHost.Journal;

/// <summary>Writes one run of a workflow to the journal as it happens. Every method has written when it returns; all may be called at once.</summary>
public sealed class WorkflowRecorder : IDisposable
{
    private readonly JournalDatabase _database;
    private readonly TimeProvider _time;
    private readonly IDisposable _runLock;
    private readonly ConcurrentDictionary<string, RecordedStep> _earlier;

    internal WorkflowRecorder(JournalDatabase database, TimeProvider time, string id, IDisposable runLock, IReadOnlyList<RecordedStep> earlier)
    {
        (_database, _time, _runLock, Id) = (database, time, runLock, id);
        _earlier = new(earlier.Select(step => KeyValuePair.Create(step.Instance, step)), StringComparer.Ordinal);
    }

    /// <summary>Id of the run.</summary>
    public string Id { get; }

    /// <summary>What earlier processes recorded of an instance with the same key; null when they did not.</summary>
    public RecordedStep? Find(string instance, string key) => _earlier.TryGetValue(instance, out var step) && step.Key == key ? step : null;

    /// <summary>Forgets a step with its items and inner steps, so that it runs again.</summary>
    public void Forget(string step)
    {
        foreach (var instance in _earlier.Keys.Where(i => i == step || i.StartsWith(step + "[", StringComparison.Ordinal) || i.StartsWith(step + "/", StringComparison.Ordinal)))
        {
            _database.Execute("DELETE FROM workflow_steps WHERE run = $run AND instance = $instance", ("$run", Id), ("$instance", instance));
            _earlier.TryRemove(instance, out _);
        }
    }

    /// <summary>Records that an instance is about to run.</summary>
    /// <param name="instance">The instance.</param>
    /// <param name="key">Its key.</param>
    /// <param name="agentRun">The run of its agent, once there is one.</param>
    public void Started(string instance, string key, string? agentRun = null) => _database.Execute(
        """
        INSERT INTO workflow_steps (run, instance, key, status, agent_run, started_at) VALUES ($run, $instance, $key, 'Running', $agent, $now)
        ON CONFLICT DO UPDATE SET key = $key, status = 'Running', outputs = NULL, transcript = NULL, agent_run = $agent, error = NULL, started_at = $now, ended_at = NULL
        """,
        ("$run", Id), ("$instance", instance), ("$key", key), ("$agent", agentRun), ("$now", Now()));

    /// <summary>Records that an instance has succeeded: from now on it does not run again.</summary>
    public void Completed(string instance, string outputs, string? transcript) => _database.Execute(
        "UPDATE workflow_steps SET status = 'Completed', outputs = $outputs, transcript = $transcript, ended_at = $now WHERE run = $run AND instance = $instance",
        ("$run", Id), ("$instance", instance), ("$outputs", outputs), ("$transcript", transcript), ("$now", Now()));

    /// <summary>Records that an instance has failed.</summary>
    public void Failed(string instance, string error) => _database.Execute(
        "UPDATE workflow_steps SET status = 'Failed', error = $error, ended_at = $now WHERE run = $run AND instance = $instance",
        ("$run", Id), ("$instance", instance), ("$error", error), ("$now", Now()));

    /// <summary>Records how the run stands.</summary>
    public void SetStatus(RunStatus status, string? message) => _database.Execute(
        "UPDATE workflows SET status = $status, message = $message, updated_at = $now WHERE id = $run",
        ("$run", Id), ("$status", status.ToString()), ("$message", message), ("$now", Now()));

    /// <inheritdoc/>
    public void Dispose() => _runLock.Dispose();

    private string Now() => RunJournal.Text(_time.GetUtcNow());
}
