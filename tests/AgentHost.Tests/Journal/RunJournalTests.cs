using AgentRuntime.AgentHost.Journal;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Tests.Journal;

/// <summary>The journal's file when something is wrong with it.</summary>
public sealed class RunJournalTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("agentrt-journal-").FullName;

    private string File => Path.Combine(_folder, "runs.db");

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public void A_file_that_is_no_journal_is_named_with_what_to_do()
    {
        System.IO.File.WriteAllText(File, "this is a text and not a database, and long enough to have a header: " + new string('x', 200));
        var error = Assert.Throws<JournalException>(() => new RunJournal(File));
        Assert.Contains(File, error.Message, StringComparison.Ordinal);
        Assert.Contains("move it away", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_journal_of_a_later_version_is_left_alone()
    {
        using (new RunJournal(File)) { }
        Change("PRAGMA user_version = 99");
        var error = Assert.Throws<JournalException>(() => new RunJournal(File));
        Assert.Contains("later version", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("UPDATE runs SET status = 'Flying'")]
    [InlineData("UPDATE runs SET created_at = 'yesterday'")]
    [InlineData("UPDATE messages SET content = '{'")]
    public void An_unreadable_entry_is_a_sentence(string damage)
    {
        using var journal = new RunJournal(File);
        journal.Create("/r", "m", "t", [new(ChatRole.User, "t")]).Dispose();
        Change(damage);
        var error = Assert.Throws<JournalException>(() => journal.Load("last"));
        Assert.Contains("cannot read", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_whose_opening_cannot_be_recorded_is_not_there_at_all()
    {
        using var journal = new RunJournal(File);
        Change("DROP TABLE messages");
        Assert.Throws<JournalException>(() => journal.Create("/r", "m", "t", [new(ChatRole.User, "t")]));
        Assert.Empty(journal.List());
        Assert.Empty(Directory.GetFiles(File + ".locks"));
    }

    [Fact]
    public void A_run_that_was_only_looked_at_keeps_its_status()
    {
        using var journal = new RunJournal(File);
        using (var recorder = journal.Create("/r", "m", "t", [])) recorder.SetStatus(RunStatus.StepLimit, "no");
        // A resume that ends before it begins: the model is gone, say.
        journal.Continue("last").Dispose();
        Assert.Equal(RunStatus.StepLimit, journal.Load("last").Summary.Status);
    }

    private void Change(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
