using AgentRuntime.Tools.Approval;
using AgentRuntime.Tools.Sandbox;

namespace AgentRuntime.Tools.Tests.Approval;

public class ApprovalTests
{
    [Fact]
    public async Task AskedBeforeAnEditWithItsDiff()
    {
        var prompt = new Scripted(ApprovalAnswer.No("use a constant"), ApprovalAnswer.Yes);
        using var repository = Asking(prompt);
        repository.Write("a", "one\n");
        var refused = await Edit(repository, "one", "two");
        Assert.Equal("error: the user declined: use a constant", refused.Text);
        Assert.Equal("denied", refused.ErrorKindName);
        Assert.Equal("one\n", repository.Read("a"));
        Assert.Contains("+two", prompt.Asked[0].Detail, StringComparison.Ordinal);
        Assert.Equal(ApprovalKind.Edit, prompt.Asked[0].Kind);

        Assert.Equal("edited a:1", (await Edit(repository, "one", "two")).Text);
        Assert.Equal("two\n", repository.Read("a"));
    }

    [Fact]
    public async Task AlwaysCoversLaterEditsButNoCommandWithoutASandbox()
    {
        var prompt = new Scripted(ApprovalAnswer.Always, ApprovalAnswer.Always, ApprovalAnswer.No());
        using var repository = Asking(prompt);
        repository.Write("a", "one\n");
        await Edit(repository, "one", "two");
        Assert.Equal("wrote b (1 lines)", (await repository.Call("write_file", ("path", "b"), ("content", "x"))).Text);
        Assert.Single(prompt.Asked);

        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs a Unix shell");
        Assert.Equal("exit code 0", (await repository.Call("run_command", ("command", "true"))).Text);
        Assert.Equal("error: the user declined", (await repository.Call("run_command", ("command", "true"))).Text);
        Assert.Equal("true", prompt.Asked[1].Detail);
    }

    [Fact]
    public async Task ReadingIsNeverAskedAbout()
    {
        using var repository = Asking(new Scripted());
        repository.Write("a", "one");
        Assert.Equal("1: one", (await repository.Call("read_file", ("path", "a"))).Text);
    }

    [Fact]
    public async Task NeverAndNobodyToAskRefuse()
    {
        using var never = new TempRepository(policy: new ApprovalPolicy(ApprovalMode.Never, sandboxed: true));
        Assert.Equal("error: write_file is not allowed in this run, which only reads",
            (await never.Call("write_file", ("path", "a"), ("content", "x"))).Text);
        using var nobody = Asking(null);
        Assert.Equal("error: run_command needs a person's approval and there is nobody to ask",
            (await nobody.Call("run_command", ("command", "touch a"))).Text);
        Assert.Empty(Directory.GetFileSystemEntries(nobody.Root));
    }

    [Fact]
    public async Task AFileThatChangesDuringTheQuestionIsNotOverwritten()
    {
        TempRepository? repository = null;
        using var asking = repository = Asking(new Scripted(ApprovalAnswer.Yes) { WhileAsking = () => repository!.Write("a", "one, by hand\n") });
        repository.Write("a", "one\n");
        Assert.Equal("conflict", (await Edit(repository, "one", "two")).ErrorKindName);
        Assert.Equal("one, by hand\n", repository.Read("a"));
    }

    [Fact]
    public async Task AFolderThatBecomesALinkDuringTheQuestionIsNotWrittenThrough()
    {
        TempRepository? repository = null;
        using var asking = repository = Asking(new Scripted(ApprovalAnswer.Yes)
        {
            WhileAsking = () =>
            {
                Directory.Delete(repository!.At("d"), recursive: true);
                Directory.CreateSymbolicLink(repository.At("d"), repository.Outside);
            },
        });
        repository.Write("d/a", "one\n");
        Assert.True((await repository.Call("write_file", ("path", "d/new"), ("content", "x"))).IsError);
        Assert.Empty(Directory.GetFileSystemEntries(repository.Outside));
    }

    [Fact]
    public void AutoWithoutASandboxMustBeChosen()
    {
        Assert.Throws<ToolsException>(() => new ApprovalPolicy(ApprovalMode.Auto, sandboxed: false));
        var command = new ApprovalRequest("run_command", ApprovalKind.Command, "true");
        Assert.Equal(ApprovalVerdict.Allow, new ApprovalPolicy(ApprovalMode.Auto, sandboxed: false, sandboxOff: true).Decide(command));
        Assert.Equal(ApprovalVerdict.Allow, new ApprovalPolicy(ApprovalMode.Auto, sandboxed: true).Decide(command));
        Assert.Equal(ApprovalVerdict.Ask, new ApprovalPolicy(ApprovalMode.Ask, sandboxed: true).Decide(command));
    }

    private static TempRepository Asking(IApprovalPrompt? prompt) =>
        new(new NoSandbox(), new ApprovalPolicy(ApprovalMode.Ask, sandboxed: false), prompt);

    private static Task<ToolResult> Edit(TempRepository repository, string old, string @new) =>
        repository.Call("edit_file", ("path", "a"), ("old", old), ("new", @new));

    private sealed class Scripted(params ApprovalAnswer[] answers) : IApprovalPrompt
    {
        public List<ApprovalRequest> Asked { get; } = [];

        public Action? WhileAsking { get; init; }

        public ValueTask<ApprovalAnswer> AskAsync(ApprovalRequest request, CancellationToken cancellationToken)
        {
            Asked.Add(request);
            WhileAsking?.Invoke();
            return ValueTask.FromResult(answers[Asked.Count - 1]);
        }
    }
}
