using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;

namespace AgentRuntime.AgentHost.Journal;

/// <summary>The record of the runs of workflows.</summary>
public sealed class WorkflowJournal
{
    private const string Columns = "SELECT id, created_at, updated_at, status, file, repository, model, inputs, message FROM workflows";
    private readonly JournalDatabase _database;
    private readonly string _path;
    private readonly TimeProvider _time;

    internal WorkflowJournal(JournalDatabase database, string path, TimeProvider time) => (_database, _path, _time) = (database, path, time);

    /// <summary>Begins a run and returns its recorder.</summary>
    /// <param name="file">Full path of the workflow's file.</param>
    /// <param name="repository">Full path of the repository.</param>
    /// <param name="model">Model as given; null when none was.</param>
    /// <param name="inputs">Its inputs, with the defaults.</param>
    public WorkflowRecorder Create(string file, string repository, string? model, JsonObject inputs)
    {
        var now = _time.GetUtcNow();
        var id = RunJournal.NewId(now);
        var recorder = new WorkflowRecorder(_database, _time, id, RunLock.Take(_path, id), []);
        try
        {
            _database.Execute(
                "INSERT INTO workflows VALUES ($id, $now, $now, 'Running', $file, $repository, $model, $inputs, NULL)",
                ("$id", id), ("$now", RunJournal.Text(now)), ("$file", file), ("$repository", repository), ("$model", model), ("$inputs", inputs.ToJsonString()));
        }
        catch
        {
            recorder.Dispose();
            throw;
        }
        return recorder;
    }

    /// <summary>Goes on recording a run.</summary>
    /// <param name="id">As for <see cref="Load"/>.</param>
    /// <exception cref="JournalException">There is no such run, or another process is running it.</exception>
    public WorkflowRecorder Continue(string id)
    {
        var run = Load(id).Id;
        var runLock = RunLock.Take(_path, run);
        try { return new(_database, _time, run, runLock, Steps(run)); }
        catch
        {
            runLock.Dispose();
            throw;
        }
    }

    /// <summary>A run.</summary>
    /// <param name="id">Its id, or the beginning of it when that is unique; <c>last</c> for the newest run.</param>
    /// <exception cref="JournalException">There is no such run.</exception>
    public RecordedWorkflow Load(string id)
    {
        var found = id == "last"
            ? _database.Query(Columns + " ORDER BY created_at DESC, id DESC LIMIT 1", Read)
            : _database.Query(Columns + " WHERE substr(id, 1, length($id)) = $id LIMIT 2", Read, ("$id", id));
        return found.Count switch
        {
            1 => found[0],
            0 => throw new JournalException($"There is no run '{id}' of a workflow; 'agentrt workflow run' says at its end how to resume."),
            _ => found.Find(r => r.Id == id) ?? throw new JournalException($"Several runs begin with '{id}'; give more of the id."),
        };
    }

    /// <summary>The recorded steps of a run, by instance.</summary>
    /// <param name="run">Its whole id.</param>
    public IReadOnlyList<RecordedStep> Steps(string run) => _database.Query(
        "SELECT instance, key, status, outputs, transcript, agent_run, error FROM workflow_steps WHERE run = $run ORDER BY instance",
        r => new RecordedStep(r.GetString(0), r.GetString(1), Enum.Parse<RunStatus>(r.GetString(2)), Text(r, 3), Text(r, 4), Text(r, 5), Text(r, 6)), ("$run", run));

    private static RecordedWorkflow Read(SqliteDataReader r) => new(
        r.GetString(0), RunJournal.Time(r.GetString(1)), RunJournal.Time(r.GetString(2)), Enum.Parse<RunStatus>(r.GetString(3)),
        r.GetString(4), r.GetString(5), Text(r, 6), JsonNode.Parse(r.GetString(7)) as JsonObject ?? [], Text(r, 8));

    private static string? Text(SqliteDataReader r, int column) => r.IsDBNull(column) ? null : r.GetString(column);
}
