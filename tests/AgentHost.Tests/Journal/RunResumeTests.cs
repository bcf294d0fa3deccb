using AgentRuntime.AgentHost.Conversations;
using AgentRuntime.AgentHost.Journal;
using AgentRuntime.Engine.Sessions;
using AgentRuntime.Tools.Approval;
using Microsoft.Extensions.AI;
using static AgentRuntime.AgentHost.Tests.ScriptedConversation;

namespace AgentRuntime.AgentHost.Tests.Journal;

/// <summary>What a resumed run does with the calls of a process that was killed: its journal is written here as that process would have left it.</summary>
public sealed class RunResumeTests : IDisposable
{
    private static readonly Usage NoUsage = new() { PromptTokens = 0, CachedTokens = 0, OutputTokens = 0, ComputedTokens = 0 };
    private readonly AgentFixture _fixture = new();
    private int _runs;

    public RunResumeTests() => _fixture.ExtraTools.Add(AIFunctionFactory.Create(() => $"ran {++_runs}", "act"));

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public async Task A_finished_call_is_not_run_again()
    {
        var run = Killed(r =>
        {
            Reply(r, Call("act"));
            r.CallStarted(1, 0, "call0", "act", "{}");
            r.CallCompleted(1, 0, "ran before", true, TimeSpan.Zero);
        });
        var conversation = new ScriptedConversation(Call("act"), Text("done"));
        Assert.Equal(RunStatus.Completed, (await _fixture.ResumeAsync(conversation, run)).Status);
        Assert.Equal(0, _runs);
        Assert.Contains(conversation.Messages.SelectMany(m => m.Contents).OfType<FunctionResultContent>(), c => c.Result is "ran before");
    }

    [Fact]
    public async Task A_call_that_never_started_runs()
    {
        var run = Killed(r => Reply(r, Call("act")));
        await _fixture.ResumeAsync(new ScriptedConversation(Call("act"), Text("done")), run);
        Assert.Equal(1, _runs);
    }

    [Theory]
    [InlineData(InterruptedCallDecision.Rerun, RunStatus.Completed, 1)]
    [InlineData(InterruptedCallDecision.Skip, RunStatus.Completed, 0)]
    [InlineData(InterruptedCallDecision.Stop, RunStatus.Cancelled, 0)]
    public async Task A_call_that_had_started_is_asked_about(InterruptedCallDecision decision, RunStatus status, int runs)
    {
        var run = Killed(r =>
        {
            Reply(r, Call("act"));
            r.CallStarted(1, 0, "call0", "act", "{}");
        });
        var result = await _fixture.ResumeAsync(new ScriptedConversation(Call("act"), Text("done")), run, decision);
        Assert.Equal((status, runs), (result.Status, _runs));
    }

    [Theory]
    [InlineData(false, RunStatus.Completed)]
    [InlineData(true, RunStatus.Cancelled)]
    public async Task A_call_that_waited_for_approval_had_not_started(bool startedBefore, RunStatus status)
    {
        using var prompt = new StoppingPrompt();
        using var fixture = new AgentFixture(prompt);
        var call = Call("write_file", ("path", "a.txt"), ("content", "new"));
        var opening = AgentPrompt.Create(fixture.Repository, "do it");
        using (var recorder = fixture.Journal.Create(fixture.Repository, "scripted", "do it", opening))
        {
            Reply(recorder, call);
            if (startedBefore) recorder.CallStarted(1, 0, "call0", "write_file", "{}");
        }

        // Stopped at the question; then resumed by somebody who says yes.
        var recorded = fixture.Journal.Load("last");
        using (var recorder = fixture.Journal.Continue("last"))
        {
            var recovery = new RunRecovery(recorded, fixture.Dispatcher.IsReadOnly, (_, _) => new(InterruptedCallDecision.Rerun));
            var stopped = await fixture.CreateAgent(new ScriptedConversation(call), recorder).ResumeAsync(AgentFixture.Description, recovery, prompt.Stop.Token);
            Assert.Equal(RunStatus.Cancelled, stopped.Status);
        }

        var result = await fixture.ResumeAsync(new ScriptedConversation(call, Text("done")), recorded.Summary.Id, InterruptedCallDecision.Stop);
        Assert.Equal((status, !startedBefore), (result.Status, File.Exists(Path.Combine(fixture.Repository, "a.txt"))));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_interrupted_edit_is_settled_by_looking_at_the_file(bool applied)
    {
        var file = _fixture.Write("a.txt", "old\n");
        (string, object?)[] arguments = [("path", "a.txt"), ("old", "old"), ("new", "new")];
        var run = Killed(r =>
        {
            Reply(r, Call("edit_file", arguments));
            r.CallStarted(1, 0, "call0", "edit_file", "{}");
            r.CallEffect(1, 0, FileEffect.Of(new(file, "old\n"u8.ToArray(), "new\n"u8.ToArray(), "edited a.txt:1")));
        });
        if (applied) File.WriteAllText(file, "new\n");

        var conversation = new ScriptedConversation(Call("edit_file", arguments), Text("done"));
        var result = await _fixture.ResumeAsync(conversation, run, InterruptedCallDecision.Stop);

        Assert.Equal(RunStatus.Completed, result.Status);
        Assert.Equal("new\n", _fixture.Read("a.txt"));
        Assert.Contains(conversation.Messages.SelectMany(m => m.Contents).OfType<FunctionResultContent>(), c => c.Result is "edited a.txt:1");
    }

    [Fact]
    public async Task A_run_killed_after_its_answer_ends_at_once()
    {
        var run = Killed(r => Reply(r, Text("the answer")));
        var conversation = new ScriptedConversation();
        var result = await _fixture.ResumeAsync(conversation, run);
        Assert.Equal((RunStatus.Completed, "the answer", 0), (result.Status, result.Answer, conversation.Generated));
    }

    [Fact]
    public void Two_processes_cannot_work_on_one_run()
    {
        using var recorder = _fixture.Journal.Create("/r", "m", "t", []);
        Assert.Throws<JournalException>(() => _fixture.Journal.Continue(recorder.Id));
    }

    [Fact]
    public void Replies_come_back_as_they_were()
    {
        var message = new ChatMessage(ChatRole.Assistant, [new TextContent("naïve ✓"), new FunctionCallContent("c", "act", new Dictionary<string, object?> { ["n"] = 1 })]);
        var run = Killed(r => r.Reply(1, new Reply(message, [5, 0, int.MaxValue], FinishReason.Length, NoUsage with { PromptTokens = 7 })));
        var reply = _fixture.Journal.Load(run).Replies.Single();
        Assert.Equal([5, 0, int.MaxValue], reply.TokenIds);
        Assert.Equal(("naïve ✓", FinishReason.Length, 7), (reply.Message.Text, reply.FinishReason, reply.Usage.PromptTokens));
        Assert.Equal("{\"n\":1}", ToolDispatcher.ArgumentsText(reply.Calls.Single()));
    }

    [Fact]
    public void Runs_are_found_by_the_beginning_of_their_id()
    {
        var run = Killed(_ => { });
        Assert.Equal(run, _fixture.Journal.Load(run[..^2]).Summary.Id);
        Assert.Equal(run, _fixture.Journal.Load("last").Summary.Id);
        var error = Assert.Throws<JournalException>(() => _fixture.Journal.Load("nothing"));
        Assert.Contains("'nothing'", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Ctrl-C at the first question, yes to those after it.</summary>
    private sealed class StoppingPrompt : IApprovalPrompt, IDisposable
    {
        public CancellationTokenSource Stop { get; } = new();

        public ValueTask<ApprovalAnswer> AskAsync(ApprovalRequest request, CancellationToken cancellationToken)
        {
            if (Stop.IsCancellationRequested) return new(ApprovalAnswer.Yes);
            Stop.Cancel();
            cancellationToken.ThrowIfCancellationRequested();
            throw new InvalidOperationException("The question was not part of the run.");
        }

        public void Dispose() => Stop.Dispose();
    }

    private static void Reply(RunRecorder recorder, ChatMessage message) => recorder.Reply(1, new(message, [], FinishReason.Stop, NoUsage));

    private string Killed(Action<RunRecorder> record)
    {
        using var recorder = _fixture.Journal.Create(_fixture.Repository, "scripted", "do it", AgentPrompt.Create(_fixture.Repository, "do it"));
        record(recorder);
        return recorder.Id;
    }
}
