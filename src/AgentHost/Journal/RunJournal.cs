using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using AgentRuntime.AgentHost.Conversations;
using AgentRuntime.AgentHost.Events;
using AgentRuntime.Engine.Sessions;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Journal;

/// <summary>
/// The record of all runs, one SQLite file in write-ahead mode. A run is written as it happens, so that a killed process
/// loses at most the reply that was being generated. Threads wait for each other; several processes may share the file.
/// </summary>
public sealed class RunJournal : IDisposable
{
    private readonly string _path;
    private readonly JournalDatabase _database;
    private readonly TimeProvider _time;

    /// <summary>Opens or creates a journal.</summary>
    /// <param name="path">The file; its folder is created.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="JournalException">It cannot be opened.</exception>
    public RunJournal(string path, TimeProvider? time = null)
    {
        _path = path;
        _time = time ?? TimeProvider.System;
        _database = new(path);
        Workflows = new(_database, path, _time);
    }

    /// <summary>The runs of workflows, in the same file.</summary>
    public WorkflowJournal Workflows { get; }

    /// <summary>Begins a run and returns its recorder.</summary>
    /// <param name="repository">Full path of the repository.</param>
    /// <param name="model">Model as given.</param>
    /// <param name="task">The task.</param>
    /// <param name="opening">The first messages.</param>
    /// <param name="mask">Takes secrets out of whatever is recorded; null for nothing to take out.</param>
    public RunRecorder Create(string repository, string model, string task, IReadOnlyList<ChatMessage> opening, Func<string, string>? mask = null)
    {
        var now = _time.GetUtcNow();
        var id = NewId(now);
        var recorder = new RunRecorder(_database, _time, id, RunLock.Take(_path, id), mask);
        try
        {
            // All or nothing: a run without its first messages could not be resumed.
            _database.InTransaction(() =>
            {
                _database.Execute(
                    "INSERT INTO runs VALUES ($id, $now, $now, 'Running', $repository, $model, $task, NULL)",
                    ("$id", id), ("$now", Text(now)), ("$repository", repository), ("$model", model), ("$task", mask is null ? task : mask(task)));
                for (var i = 0; i < opening.Count; i++)
                {
                    _database.Execute(
                        "INSERT INTO messages VALUES ($run, $seq, $content)",
                        ("$run", id), ("$seq", i), ("$content", mask is null ? JournalJson.Write(opening[i]) : mask(JournalJson.Write(opening[i]))));
                }
            });
        }
        catch
        {
            recorder.Dispose();
            throw;
        }
        return recorder;
    }

    /// <summary>Goes on recording a run. What <see cref="Load"/> returns from then on is changed by nobody else.</summary>
    /// <param name="id">As for <see cref="Load"/>.</param>
    /// <param name="mask">As for <see cref="Create"/>.</param>
    /// <exception cref="JournalException">There is no such run, or another process is running it.</exception>
    public RunRecorder Continue(string id, Func<string, string>? mask = null)
    {
        var run = Find(id).Id;
        return new(_database, _time, run, RunLock.Take(_path, run), mask);
    }

    /// <summary>All runs, the newest first.</summary>
    public IReadOnlyList<RunSummary> List(int limit = 100) => _database.Query(Summaries + " ORDER BY created_at DESC, id DESC LIMIT $limit", ReadSummary, ("$limit", limit));

    /// <summary>Everything recorded of a run.</summary>
    /// <param name="id">Its id, or the beginning of it when that is unique; <c>last</c> for the newest run.</param>
    /// <exception cref="JournalException">There is no such run.</exception>
    public RecordedRun Load(string id)
    {
        var summary = Find(id);
        (string, object?) run = ("$run", summary.Id);
        return new(
            summary,
            _database.Query("SELECT content FROM messages WHERE run = $run ORDER BY seq", r => JournalJson.Read<ChatMessage>(r.GetString(0)), run),
            _database.Query("SELECT content, tokens, finish, usage FROM replies WHERE run = $run ORDER BY step", ReadReply, run),
            _database.Query(
                "SELECT step, ordinal, id, name, arguments, effect, result, ok, duration_ms FROM calls WHERE run = $run ORDER BY step, ordinal",
                ReadCall, run),
            _database.Query("SELECT timings FROM steps WHERE run = $run ORDER BY step", r => JournalJson.Read<StepCompleted>(r.GetString(0)), run));
    }

    /// <inheritdoc/>
    public void Dispose() => _database.Dispose();

    private const string Summaries =
        "SELECT id, created_at, updated_at, status, repository, model, task, (SELECT count(*) FROM replies WHERE run = id), answer FROM runs";

    private RunSummary Find(string id)
    {
        var found = id == "last"
            ? _database.Query(Summaries + " ORDER BY created_at DESC, id DESC LIMIT 1", ReadSummary)
            : _database.Query(Summaries + " WHERE substr(id, 1, length($id)) = $id LIMIT 2", ReadSummary, ("$id", id));
        return found.Count switch
        {
            1 => found[0],
            0 => throw new JournalException($"There is no run '{id}'; 'agentrt runs list' shows those that are recorded."),
            _ => found.Find(r => r.Id == id) ?? throw new JournalException($"Several runs begin with '{id}'; give more of the id."),
        };
    }

    private static RunSummary ReadSummary(SqliteDataReader r) => new(
        r.GetString(0), Time(r.GetString(1)), Time(r.GetString(2)), Enum.Parse<RunStatus>(r.GetString(3)),
        r.GetString(4), r.GetString(5), r.GetString(6), r.GetInt32(7), r.IsDBNull(8) ? null : r.GetString(8));

    private static Reply ReadReply(SqliteDataReader r) => new(
        JournalJson.Read<ChatMessage>(r.GetString(0)), MemoryMarshal.Cast<byte, int>((byte[])r[1]).ToArray(),
        Enum.Parse<FinishReason>(r.GetString(2)), JsonSerializer.Deserialize<Usage>(r.GetString(3))!);

    private static RecordedCall ReadCall(SqliteDataReader r) => new(
        r.GetInt32(0), r.GetInt32(1), r.GetString(2), r.GetString(3), r.GetString(4),
        r.IsDBNull(5) ? null : JsonSerializer.Deserialize<FileEffect>(r.GetString(5)),
        r.IsDBNull(6) ? null : r.GetString(6), r.GetInt32(7) != 0, r.GetDouble(8));

    internal static string NewId(DateTimeOffset now) => string.Create(CultureInfo.InvariantCulture, $"{now:yyyyMMdd-HHmmss}-{Random.Shared.Next(0x10000):x4}");

    internal static string Text(DateTimeOffset value) => value.ToString("O", CultureInfo.InvariantCulture);

    internal static DateTimeOffset Time(string value) => DateTimeOffset.Parse(value, CultureInfo.InvariantCulture);
}
