using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace AgentRuntime.AgentHost.Journal;

/// <summary>A connection to the journal's file whose errors are sentences. Safe for calls at the same time, which wait for each other.</summary>
internal sealed class JournalDatabase : IDisposable
{
    private const int Corrupt = 11, DiskFull = 13, NotADatabase = 26;
    private readonly Lock _gate = new();
    private readonly SqliteConnection _connection;
    private readonly string _path;
    private readonly Dictionary<string, SqliteCommand> _commands = [];
    private SqliteTransaction? _transaction;

    public JournalDatabase(string path)
    {
        _path = path;
        _connection = new(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            _connection.Open();
            JournalSchema.Ensure(_connection, path);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            _connection.Dispose();
            throw Explain(e);
        }
    }

    /// <summary>Runs statements of which all take effect or none.</summary>
    public void InTransaction(Action statements)
    {
        using var _ = _gate.EnterScope();
        try
        {
            using var transaction = _transaction = _connection.BeginTransaction(deferred: false);
            statements();
            transaction.Commit();
        }
        catch (SqliteException e) { throw Explain(e); }
        finally { _transaction = null; }
    }

    /// <summary>Runs a statement; the prepared command is kept for the next time.</summary>
    public int Execute(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var _ = _gate.EnterScope();
        var command = Prepare(sql, parameters);
        try { return command.ExecuteNonQuery(); }
        catch (SqliteException e) { throw Explain(e); }
    }

    /// <summary>Runs a query and maps each row.</summary>
    public List<T> Query<T>(string sql, Func<SqliteDataReader, T> map, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var _ = _gate.EnterScope();
        var command = Prepare(sql, parameters);
        try
        {
            List<T> rows = [];
            using var reader = command.ExecuteReader();
            while (reader.Read()) rows.Add(map(reader));
            return rows;
        }
        catch (SqliteException e) { throw Explain(e); }
        catch (Exception e) when (e is JsonException or FormatException or ArgumentException or InvalidCastException)
        {
            throw new JournalException($"The journal {_path} holds an entry that agentrt cannot read: {e.Message.TrimEnd('.')}.", e);
        }
    }

    public void Dispose()
    {
        foreach (var command in _commands.Values) command.Dispose();
        _connection.Dispose();
    }

    private SqliteCommand Prepare(string sql, ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        if (!_commands.TryGetValue(sql, out var command))
        {
            command = _connection.CreateCommand();
            command.CommandText = sql;
            _commands[sql] = command;
        }
        command.Transaction = _transaction;
        command.Parameters.Clear();
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }

    private JournalException Explain(Exception e) => (e as SqliteException)?.SqliteErrorCode switch
    {
        DiskFull => new($"The disk of the journal {_path} is full; free some space and resume the run.", e),
        Corrupt or NotADatabase => new($"The file {_path} is damaged or no journal; move it away, and the next run begins a new one.", e),
        _ => new($"The journal {_path} cannot be used: {e.Message.TrimEnd('.')}.", e),
    };
}
