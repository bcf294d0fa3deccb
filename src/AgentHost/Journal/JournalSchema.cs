using Microsoft.Data.Sqlite;

namespace AgentRuntime.AgentHost.Journal;

/// <summary>The journal's tables. The version is SQLite's <c>user_version</c>.</summary>
internal static class JournalSchema
{
    private const int Version = 2;

    private const string Tables = """
        CREATE TABLE runs (
            id TEXT PRIMARY KEY, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, status TEXT NOT NULL,
            repository TEXT NOT NULL, model TEXT NOT NULL, task TEXT NOT NULL, answer TEXT) STRICT;
        CREATE TABLE messages (
            run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, seq INTEGER NOT NULL, content TEXT NOT NULL,
            PRIMARY KEY (run, seq)) STRICT, WITHOUT ROWID;
        CREATE TABLE replies (
            run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, step INTEGER NOT NULL, content TEXT NOT NULL,
            tokens BLOB NOT NULL, finish TEXT NOT NULL, usage TEXT NOT NULL,
            PRIMARY KEY (run, step)) STRICT, WITHOUT ROWID;
        CREATE TABLE calls (
            run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, step INTEGER NOT NULL, ordinal INTEGER NOT NULL,
            id TEXT NOT NULL, name TEXT NOT NULL, arguments TEXT NOT NULL, effect TEXT,
            result TEXT, ok INTEGER NOT NULL DEFAULT 0, duration_ms REAL NOT NULL DEFAULT 0,
            PRIMARY KEY (run, step, ordinal)) STRICT, WITHOUT ROWID;
        CREATE TABLE steps (
            run TEXT NOT NULL REFERENCES runs ON DELETE CASCADE, step INTEGER NOT NULL, timings TEXT NOT NULL,
            PRIMARY KEY (run, step)) STRICT, WITHOUT ROWID;
        """;

    /// <summary>Since version 2. An instance is a step, or one item or inner step of it: <c>build</c>, <c>triage[3]</c>, <c>release/notes</c>.</summary>
    private const string WorkflowTables = """
        CREATE TABLE workflows (
            id TEXT PRIMARY KEY, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, status TEXT NOT NULL,
            file TEXT NOT NULL, repository TEXT NOT NULL, model TEXT, inputs TEXT NOT NULL, message TEXT) STRICT;
        CREATE TABLE workflow_steps (
            run TEXT NOT NULL REFERENCES workflows ON DELETE CASCADE, instance TEXT NOT NULL, key TEXT NOT NULL,
            status TEXT NOT NULL, outputs TEXT, transcript TEXT, agent_run TEXT, error TEXT, started_at TEXT NOT NULL, ended_at TEXT,
            PRIMARY KEY (run, instance)) STRICT, WITHOUT ROWID;
        """;

    /// <summary>Creates the tables in a new file and refuses a file of a later version.</summary>
    public static void Ensure(SqliteConnection connection, string path)
    {
        // A write-ahead log survives kill -9 with the cheap setting; only a power cut could lose the last step.
        Execute(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000;");
        using var transaction = connection.BeginTransaction(deferred: false);
        var version = (long)Scalar(connection, "PRAGMA user_version")!;
        if (version > Version) throw new JournalException($"The journal {path} was written by a later version of agentrt; update agentrt or move the file away.");
        if (version == 0) Execute(connection, Tables);
        if (version < 2) Execute(connection, WorkflowTables + $"PRAGMA user_version = {Version};");
        transaction.Commit();
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
