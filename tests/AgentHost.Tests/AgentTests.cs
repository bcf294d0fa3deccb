using AgentRuntime.AgentHost.Events;
using AgentRuntime.Tools.Approval;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Time.Testing;
using static AgentRuntime.AgentHost.Tests.ScriptedConversation;

namespace AgentRuntime.AgentHost.Tests;

public sealed class AgentTests : IDisposable
{
    private readonly AgentFixture _fixture = new();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task Runs_tools_until_the_model_answers()
    {
        _fixture.Write("a.txt", "one\ntwo\n");
        var conversation = new ScriptedConversation(
            Call("read_file", ("path", "a.txt")), Call("edit_file", ("path", "a.txt"), ("old", "two"), ("new", "2")), Text("Done."));

        var result = await _fixture.RunAsync(conversation);

        Assert.Equal(RunStatus.Completed, result.Status);
        Assert.Equal("Done.", result.Answer);
        Assert.Equal(3, result.Steps);
        Assert.Equal("one\n2\n", _fixture.Read("a.txt"));
        Assert.Equal(["1: one\n2: two", "edited a.txt:2"], Results(conversation));
    }

    [Fact]
    public async Task Front_is_system_then_instructions_then_task_and_the_same_each_time()
    {
        _fixture.Write("AGENTS.md", "Run the tests with: make\r\n\n");
        var (first, second) = (new ScriptedConversation(Text("a")), new ScriptedConversation(Text("b")));
        await _fixture.RunAsync(first);
        await _fixture.RunAsync(second);

        Assert.Equal([ChatRole.System, ChatRole.System, ChatRole.User], first.Messages.Take(3).Select(m => m.Role));
        Assert.Equal("AGENTS.md:\nRun the tests with: make", first.Messages[1].Text);
        Assert.Equal(first.Messages.Take(3).Select(m => m.Text), second.Messages.Take(3).Select(m => m.Text));
    }

    [Fact]
    public async Task A_model_whose_calls_can_never_be_read_is_told_so_and_then_stopped()
    {
        var replies = 0;
        var conversation = new ScriptedConversation(_ => new(ChatRole.Assistant, [new FunctionCallContent($"c{replies++}", "unknown") { Exception = new FormatException($"fault {replies}") }]));
        var result = await _fixture.RunAsync(conversation);
        Assert.Equal(RunStatus.NoProgress, result.Status);
        Assert.Equal(["error: fault 1", "error: fault 2"], Results(conversation).Take(2));
        Assert.True(result.Steps <= 4, $"{result.Steps} steps");
    }

    [Fact]
    public async Task Several_calls_in_one_reply_run_in_order_and_give_a_result_each()
    {
        var conversation = new ScriptedConversation(
            Calls(("write_file", [("path", "x"), ("content", "1\n")]), ("read_file", [("path", "x")])), Text("ok"));
        await _fixture.RunAsync(conversation);
        Assert.Equal(["wrote x (1 lines)", "1: 1"], Results(conversation));
    }

    [Fact]
    public async Task Errors_become_results_that_the_model_reads()
    {
        _fixture.ExtraTools.Add(AIFunctionFactory.Create(string () => throw new InvalidOperationException("no luck."), "broken"));
        var malformed = new ChatMessage(ChatRole.Assistant, [new FunctionCallContent("c", "read_file") { Exception = new FormatException("the arguments are no JSON") }]);
        var conversation = new ScriptedConversation(Call("fly"), malformed, Call("broken"), Call("read_file", ("path", "gone")), Text("gave up"));

        var result = await _fixture.RunAsync(conversation);

        Assert.Equal(RunStatus.Completed, result.Status);
        var texts = Results(conversation);
        Assert.StartsWith("error: there is no tool 'fly'; the tools are broken, edit_file,", texts[0], StringComparison.Ordinal);
        Assert.Equal("error: the arguments are no JSON", texts[1]);
        Assert.Equal("error: broken failed: no luck", texts[2]);
        Assert.StartsWith("error: ", texts[3], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Step_limit_ends_the_run()
    {
        _fixture.Options = new() { MaxSteps = 3 };
        var n = 0;
        var result = await _fixture.RunAsync(new ScriptedConversation(_ => Call("list_files", ("path", $"p{n++}"))));
        Assert.Equal((RunStatus.StepLimit, 3), (result.Status, result.Steps));
    }

    [Fact]
    public async Task The_same_call_three_times_is_refused_and_a_fourth_ends_the_run()
    {
        var conversation = new ScriptedConversation(_ => Call("list_files"));
        var result = await _fixture.RunAsync(conversation);
        Assert.Equal((RunStatus.NoProgress, 4), (result.Status, result.Steps));
        Assert.Equal("error: this same call was already made 2 times in a row; do something else", Results(conversation)[2]);
    }

    [Fact]
    public async Task Token_budget_ends_the_run_and_nothing_is_cut()
    {
        _fixture.Write("big", string.Concat(Enumerable.Repeat(new string('x', 49) + "\n", 100)));
        _fixture.Options = new() { TokenBudget = 2000 };
        var conversation = new ScriptedConversation(Call("read_file", ("path", "big")), Text("never"));
        var result = await _fixture.RunAsync(conversation);
        Assert.Equal(RunStatus.Overflow, result.Status);
        Assert.Contains("2000", result.Answer, StringComparison.Ordinal);
        Assert.Equal(100, Results(conversation)[0].Split('\n').Length);
    }

    [Fact]
    public async Task Cancelling_leaves_a_run_that_can_be_resumed()
    {
        using var stop = new CancellationTokenSource();
        _fixture.ExtraTools.Add(AIFunctionFactory.Create(() => { stop.Cancel(); return "stopped"; }, "stop"));
        var first = await _fixture.RunAsync(new ScriptedConversation(Call("stop")), stop.Token);
        Assert.Equal(RunStatus.Cancelled, first.Status);

        var resumed = new ScriptedConversation(Call("unused"), Text("went on"));
        var second = await _fixture.ResumeAsync(resumed, first.Run);
        Assert.Equal((RunStatus.Completed, "went on", 1), (second.Status, second.Answer, resumed.Generated));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Time_that_a_person_thinks_is_nobodys_cost(bool yes)
    {
        var time = new FakeTimeProvider();
        using var fixture = new AgentFixture(new SlowPrompt(time, yes), time);
        var result = await fixture.RunAsync(new ScriptedConversation(Call("write_file", ("path", "a.txt"), ("content", "x")), Text("done")));
        Assert.Equal(RunStatus.Completed, result.Status);
        Assert.Equal((yes, 0.0), fixture.Events.OfType<ToolCompleted>().Select(e => (e.Ok, e.DurationMs)).Single());
        Assert.All(fixture.Events.OfType<StepCompleted>(), e => Assert.Equal((0.0, 0.0), (e.ToolMs, e.OverheadMs)));
    }

    /// <summary>A person who takes a minute.</summary>
    private sealed class SlowPrompt(FakeTimeProvider time, bool yes) : IApprovalPrompt
    {
        public ValueTask<ApprovalAnswer> AskAsync(ApprovalRequest request, CancellationToken cancellationToken)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            return new(yes ? ApprovalAnswer.Yes : ApprovalAnswer.No("no"));
        }
    }

    [Fact]
    public async Task A_journal_that_fails_ends_the_run_with_an_event()
    {
        _fixture.ExtraTools.Add(AIFunctionFactory.Create(() => DamageJournal(), "damage"));
        var result = await _fixture.RunAsync(new ScriptedConversation(Call("damage"), Text("done")));
        Assert.Equal(RunStatus.Failed, result.Status);
        Assert.Contains("runs.db", Assert.IsType<RunFailed>(_fixture.Events[^1]).Message, StringComparison.Ordinal);

        string DamageJournal()
        {
            using var connection = new SqliteConnection($"Data Source={Path.Combine(_fixture.Folder, "runs.db")};Pooling=False");
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "DROP TABLE steps; ALTER TABLE runs RENAME TO gone";
            command.ExecuteNonQuery();
            return "damaged";
        }
    }

    [Fact]
    public async Task An_empty_reply_is_no_answer()
    {
        var result = await _fixture.RunAsync(new ScriptedConversation(Text(" ")));
        Assert.Equal(RunStatus.NoProgress, result.Status);
    }

    [Fact]
    public async Task Events_tell_the_whole_run_as_json()
    {
        await _fixture.RunAsync(new ScriptedConversation(Call("list_files"), Text("hello")));
        Assert.Equal(
            ["run.started", "step.started", "tool.started", "tool.completed", "step.completed", "step.started", "message.delta", "step.completed", "run.completed"],
            _fixture.Events.Select(e => System.Text.Json.JsonDocument.Parse(AgentEventJson.ToJson(e)).RootElement.GetProperty("type").GetString()));
        var step = AgentEventJson.ToJson(_fixture.Events.OfType<StepCompleted>().First());
        foreach (var name in new[] { "prompt_tokens", "cached_tokens", "new_tokens", "output_tokens", "ttft_ms", "prefill_ms", "decode_ms", "tool_ms", "overhead_ms" })
            Assert.Contains($"\"{name}\":", step, StringComparison.Ordinal);
        Assert.Contains("\"amplification\":", AgentEventJson.ToJson(_fixture.Events[^1]), StringComparison.Ordinal);
    }

    private static List<string> Results(ScriptedConversation conversation) =>
        [.. conversation.Messages.SelectMany(m => m.Contents).OfType<FunctionResultContent>().Select(r => (string)r.Result!)];
}
