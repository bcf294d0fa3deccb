using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Tests.Workflows.Running;

/// <summary>What has succeeded does not run again, and what is restored is what it was.</summary>
public sealed class ResumeTests : IDisposable
{
    private readonly WorkflowFixture _fixture = new();
    private readonly List<string> _said = [];
    private bool _broken = true;

    public ResumeTests()
    {
        _fixture.AddTool("say", (text, _) =>
        {
            lock (_said) _said.Add(text!);
            return Task.FromResult(text!);
        });
        _fixture.AddTool("fragile", (_, _) => _broken ? throw new InvalidOperationException("broken") : Task.FromResult("whole"));
    }

    public void Dispose() => _fixture.Dispose();

    private const string Steps = """
        a: {uses: say, with: {text: a}}
        each: {foreach: [1, 2], needs: a, uses: say, with: {text: "e${{ item }}"}}
        bad: {uses: fragile, needs: each}
        end: {uses: say, needs: bad, with: {text: "${{ steps.each.outputs.text }} ${{ steps.bad.outputs.text }}"}}
        """;

    private const string Outputs = "outputs: {end: \"${{ steps.end.outputs.text }}\"}";

    [Fact]
    public async Task Only_what_has_not_succeeded_runs()
    {
        var first = await _fixture.RunAsync(Steps, Outputs);
        Assert.Equal((RunStatus.Failed, "a e1 e2"), (first.Status, string.Join(" ", _said.Order())));

        _broken = false;
        var second = await _fixture.ResumeAsync(first.Run);
        Assert.Equal((RunStatus.Completed, """{"end":"[\"e1\",\"e2\"] whole"}"""), (second.Status, WorkflowFixture.Text(second.Outputs)));
        Assert.Equal(["bad", "end"], _fixture.Began);
        Assert.Equal(["a", "each[0]", "each[1]"], _fixture.Completed.Where(e => e.Recorded).Select(e => e.Step).Order());

        var third = await _fixture.ResumeAsync(first.Run);
        Assert.Equal((WorkflowFixture.Text(second.Outputs), 0), (WorkflowFixture.Text(third.Outputs), _fixture.Began.Count()));
    }

    [Fact]
    public async Task From_a_step_on_everything_that_needs_it_runs_again()
    {
        _broken = false;
        var first = await _fixture.RunAsync(Steps, Outputs);
        await _fixture.ResumeAsync(first.Run, from: "each");
        Assert.Equal(["bad", "each[0]", "each[1]", "end"], _fixture.Began.Order());
        var failure = await Assert.ThrowsAsync<AgentException>(() => _fixture.ResumeAsync(first.Run, from: "nowhere"));
        Assert.StartsWith("There is no step 'nowhere' in ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_step_that_was_changed_runs_again_and_so_do_those_whose_inputs_change_with_it()
    {
        _broken = false;
        var first = await _fixture.RunAsync(Steps, Outputs);
        _fixture.Write(Steps.Replace("[1, 2]", "[1, 3]", StringComparison.Ordinal), Outputs);
        var second = await _fixture.ResumeAsync(first.Run);
        Assert.Equal("""{"end":"[\"e1\",\"e3\"] whole"}""", WorkflowFixture.Text(second.Outputs));
        Assert.Contains("each[1]", _fixture.Began);
        Assert.Contains("end", _fixture.Began);
        Assert.DoesNotContain("a", _fixture.Began);
        Assert.DoesNotContain("bad", _fixture.Began);
    }

    [Fact]
    public async Task Conversations_are_restored_and_models_not_asked_again()
    {
        const string steps = """
            one: {prompt: first, session: "shared:talk"}
            two: {prompt: second, session: "shared:talk", needs: one}
            bad: {uses: fragile, needs: two}
            three: {prompt: third, session: "shared:talk", needs: bad}
            side: {foreach: [x, y], prompt: "side ${{ item }}", session: "fork:one", needs: [one, bad]}
            """;
        const string outputs = "outputs: {all: [\"${{ steps.one.outputs.text }}\", \"${{ steps.two.outputs.text }}\", \"${{ steps.three.outputs.text }}\", \"${{ steps.side.outputs.text }}\"]}";
        const string expected = """{"all":["1: first","3: second","5: third",["3: side x","3: side y"]]}""";
        _broken = false;
        Assert.Equal(expected, WorkflowFixture.Text((await _fixture.RunAsync(steps, outputs)).Outputs));

        _broken = true;
        var stopped = await _fixture.RunAsync(steps, outputs);
        _fixture.Models = ScriptedModels.Echo();
        _broken = false;
        var resumed = await _fixture.ResumeAsync(stopped.Run);
        Assert.Equal(expected, WorkflowFixture.Text(resumed.Outputs));
        Assert.Equal(3, _fixture.Models.Asked);

        _fixture.Models = ScriptedModels.Echo();
        await _fixture.ResumeAsync(stopped.Run);
        Assert.Empty(_fixture.Models.Created);
    }

    [Fact]
    public async Task No_secret_is_in_outputs_events_or_journal()
    {
        _fixture.Secrets["TOKEN"] = "s3cr3t-value";
        _fixture.Models = new(messages => messages.Any(m => m.Role == ChatRole.Assistant) || !messages[^1].Text.StartsWith("say", StringComparison.Ordinal)
            ? ScriptedConversation.Text("said s3cr3t-value") : ScriptedConversation.Call("say", ("text", "from agent s3cr3t-value")));
        var result = await _fixture.RunAsync("""
            a: {uses: say, with: {text: "token=${{ secrets.TOKEN }}"}}
            b: {prompt: "use ${{ secrets.TOKEN }}"}
            d: {agent: {task: "say ${{ secrets.TOKEN }}", tools: [say]}}
            c: {run: "echo \"got $KEY\"; echo $KEY >&2; exit 3", env: {KEY: "${{ secrets.TOKEN }}"}, continue-on-error: true}
            """, "outputs: {a: \"${{ steps.a.outputs.text }}\", c: \"${{ steps.c.outputs.text }}\"}");
        Assert.Equal(["from agent s3cr3t-value", "token=s3cr3t-value"], _said.Order());
        Assert.Equal("token=***", result.Outputs["a"]!.GetValue<string>());
        if (!OperatingSystem.IsWindows()) Assert.Equal("got ***\n***", result.Outputs["c"]!.GetValue<string>());
        Assert.All(_fixture.Events, e => Assert.DoesNotContain("s3cr3t", e.ToJson(), StringComparison.Ordinal));
        Assert.Contains(_fixture.Events, e => e.ToJson().Contains("***", StringComparison.Ordinal));
        _fixture.Journal.Dispose();
        foreach (var file in Directory.EnumerateFiles(_fixture.Folder, "runs.db*"))
            Assert.DoesNotContain("s3cr3t", Encoding.Latin1.GetString(File.ReadAllBytes(file)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_journal_of_the_version_before_gets_the_new_tables()
    {
        var path = Path.Combine(_fixture.Folder, "old.db");
        using (new AgentHost.Journal.RunJournal(path)) { }
        using (var connection = new SqliteConnection($"Data Source={path};Pooling=False"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "DROP TABLE workflow_steps; DROP TABLE workflows; PRAGMA user_version = 1;";
            command.ExecuteNonQuery();
        }
        using var journal = new AgentHost.Journal.RunJournal(path);
        using var recorder = journal.Workflows.Create("/w.yaml", "/repo", null, new() { ["a"] = 1 });
        Assert.Equal(("/w.yaml", 1), (journal.Workflows.Load(recorder.Id).File, journal.Workflows.Load("last").Inputs["a"]!.GetValue<int>()));
        Assert.Throws<AgentHost.Journal.JournalException>(() => journal.Workflows.Continue(recorder.Id));
        Assert.Throws<AgentHost.Journal.JournalException>(() => journal.Workflows.Load("nothing"));
    }
}
