using System.Text.Json;
using AgentRuntime.Tools.Approval;
using AgentRuntime.Tools.Mcp;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Tools.Tests.Mcp;

/// <summary>The client against the server of examples/mcp-server as a process, against one over HTTP, and against programs that are no servers.</summary>
public sealed class McpServerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mcp-tests-").FullName;
    private readonly List<ApprovalRequest> _asked = [];

    public McpServerTests()
    {
        File.WriteAllText(Path.Combine(_folder, "1.txt"), "It crashes.");
        File.WriteAllText(Path.Combine(_folder, "2.txt"), "It is slow.");
    }

    private McpServerSettings Issues => new()
    {
        Name = "issues",
        Command = "dotnet",
        Arguments = [Path.Combine(AppContext.BaseDirectory, "issue-server.dll"), _folder],
        IsTrusted = true,
    };

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public async Task Tools_are_listed_and_called_like_the_others()
    {
        using var gate = Gate(ApprovalMode.Never);
        await using var servers = await McpServers.StartAsync([Issues], gate);

        Assert.Equal(["issues__label_issue", "issues__list_issues", "issues__read_issue"], servers.Tools.Select(t => t.Name));
        var read = Tool(servers, "read_issue");
        Assert.Equal(("The text of an issue and its label.", true, true), (read.Description, read.IsReadOnly, read.AdditionalProperties["read_only"]));
        Assert.Equal("integer", read.JsonSchema.GetProperty("properties").GetProperty("number").GetProperty("type").GetString());
        Assert.Equal("1\n2", (await CallAsync(servers, "list_issues")).Text);
        Assert.Equal("It is slow.\nlabel: none", (await CallAsync(servers, "read_issue", ("number", JsonElement.Parse("2")))).Text);
    }

    [Fact]
    public async Task What_the_server_does_not_call_read_only_needs_approval()
    {
        using var gate = Gate(ApprovalMode.Ask, ApprovalAnswer.No("not now"), ApprovalAnswer.Yes);
        await using var servers = await McpServers.StartAsync([Issues], gate);

        var refused = await CallAsync(servers, "label_issue", ("number", 1), ("label", "bug"));
        Assert.Equal((ToolErrorKind.Denied, "error: the user declined: not now"), (refused.ErrorKind, refused.Text));
        Assert.False(File.Exists(Path.Combine(_folder, "1.label")));
        Assert.Equal(new ApprovalRequest("issues__label_issue", ApprovalKind.Other, """issues__label_issue {"number":1,"label":"bug"}"""), _asked.Single());

        Assert.Equal("issue 1 is labelled bug", (await CallAsync(servers, "label_issue", ("number", 1), ("label", "bug"))).Text);
        Assert.Equal("bug", File.ReadAllText(Path.Combine(_folder, "1.label")));
    }

    [Theory]
    [InlineData(ApprovalMode.Never, "which only reads")]
    [InlineData(ApprovalMode.Auto, "there is nobody to ask")]
    public async Task Without_a_person_what_changes_things_is_refused(ApprovalMode mode, string reason)
    {
        using var gate = new ApprovalGate(new ApprovalPolicy(mode, sandboxed: true));
        await using var servers = await McpServers.StartAsync([Issues], gate);
        var refused = await CallAsync(servers, "label_issue", ("number", 1), ("label", "bug"));
        Assert.Equal(ToolErrorKind.Denied, refused.ErrorKind);
        Assert.Contains(reason, refused.Text, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder, "1.label")));
    }

    [Fact]
    public async Task What_goes_wrong_in_a_call_is_a_result()
    {
        using var gate = Gate(ApprovalMode.Never);
        var servers = await McpServers.StartAsync([Issues], gate);
        var unknown = await CallAsync(servers, "read_issue", ("number", 7));
        Assert.Equal((ToolErrorKind.System, true), (unknown.ErrorKind, unknown.Text.Contains("there is no issue 7", StringComparison.Ordinal)));
        Assert.True((await CallAsync(servers, "read_issue")).IsError);
        await servers.DisposeAsync();
        var stopped = await CallAsync(servers, "read_issue", ("number", 1));
        Assert.StartsWith("error: issues__read_issue failed: ", stopped.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_nobody_approved_is_not_started()
    {
        using var gate = Gate(ApprovalMode.Ask, ApprovalAnswer.No());
        var mark = Path.Combine(_folder, "started");
        var failure = await Assert.ThrowsAsync<ToolsException>(() => McpServers.StartAsync([Shell($"touch {mark}") with { IsTrusted = false }], gate));
        Assert.Contains("was not started: the user declined", failure.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(mark));
        Assert.Equal(ApprovalKind.Other, _asked.Single().Kind);
    }

    [Theory]
    [InlineData("echo broken >&2; read request; exit 3", "it ended with exit code 3 and said: broken")]
    [InlineData("sleep 60", "it did not answer within 0.3 s")]
    public async Task A_program_that_is_no_server_is_named_with_the_reason(string script, string reason)
    {
        Assert.SkipUnless(File.Exists("/bin/sh"), "needs /bin/sh");
        using var gate = Gate(ApprovalMode.Never);
        var timeout = TimeSpan.FromSeconds(script.StartsWith("sleep", StringComparison.Ordinal) ? 0.3 : 30);
        var failure = await Assert.ThrowsAsync<ToolsException>(() => McpServers.StartAsync([Shell(script) with { Timeout = timeout }], gate));
        Assert.Equal($"The MCP server 'shell' (/bin/sh -c {script}) could not be started: {reason}.", failure.Message);
    }

    [Fact]
    public async Task A_program_sees_only_the_variables_that_it_is_given()
    {
        Assert.SkipUnless(File.Exists("/bin/sh"), "needs /bin/sh");
        Environment.SetEnvironmentVariable("MCP_TEST_SECRET", "hidden");
        using var gate = Gate(ApprovalMode.Never);
        var settings = Shell("echo \"[$MCP_TEST_SECRET][$GIVEN]\" >&2; read request; exit 1") with { Environment = new Dictionary<string, string> { ["GIVEN"] = "seen" } };
        var failure = await Assert.ThrowsAsync<ToolsException>(() => McpServers.StartAsync([settings], gate));
        Assert.Contains("[][seen]", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_program_is_named()
    {
        using var gate = Gate(ApprovalMode.Never);
        var failure = await Assert.ThrowsAsync<ToolsException>(() => McpServers.StartAsync([Issues with { Command = "/no/such/program" }], gate));
        Assert.StartsWith("The MCP server 'issues' (/no/such/program ", failure.Message, StringComparison.Ordinal);
        Assert.Contains("could not be started: ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_over_http_is_listed_and_called()
    {
        await using var http = new HttpServer();
        using var gate = Gate(ApprovalMode.Never);
        var settings = new McpServerSettings
        {
            Name = "web",
            Url = http.Url,
            Headers = new Dictionary<string, string> { ["Authorization"] = "Bearer t" },
            IsTrusted = true,
        };
        await using var servers = await McpServers.StartAsync([settings], gate);
        Assert.Equal("hello Bearer t", (await CallAsync(servers, "echo", ("text", "hello"))).Text);
    }

    [Fact]
    public async Task An_address_where_nobody_listens_is_named()
    {
        string url;
        await using (var http = new HttpServer()) url = http.Url;
        using var gate = Gate(ApprovalMode.Never);
        var failure = await Assert.ThrowsAsync<ToolsException>(() => McpServers.StartAsync([new() { Name = "web", Url = url, IsTrusted = true }], gate));
        Assert.StartsWith($"The MCP server 'web' ({url}) could not be started: ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_that_make_no_sense_are_refused_before_anything_starts()
    {
        using var gate = Gate(ApprovalMode.Never);
        foreach (var (settings, problem) in new[]
        {
            (Issues with { Name = "a b" }, "has a name"),
            (Issues with { Url = "http://localhost" }, "needs either a command or a url"),
            (Issues with { Command = null }, "needs either a command or a url"),
            (Issues with { Command = null, Url = "ftp://localhost" }, "no http or https address"),
            (Issues with { Timeout = TimeSpan.Zero }, "has a timeout"),
            (Issues with { Timeout = TimeSpan.FromDays(2) }, "has a timeout"),
        })
        {
            var failure = await Assert.ThrowsAsync<ToolsException>(() => McpServers.StartAsync([settings], gate));
            Assert.Contains(problem, failure.Message, StringComparison.Ordinal);
        }
        Assert.Contains("two MCP servers named", (await Assert.ThrowsAsync<ToolsException>(() => McpServers.StartAsync([Issues, Issues], gate))).Message, StringComparison.Ordinal);
    }

    private static McpServerSettings Shell(string script) => new() { Name = "shell", Command = "/bin/sh", Arguments = ["-c", script], IsTrusted = true };

    private static McpTool Tool(McpServers servers, string name) => servers.Tools.Single(t => t.ToolName == name);

    private static async Task<ToolResult> CallAsync(McpServers servers, string name, params (string Name, object? Value)[] arguments) =>
        (ToolResult)(await Tool(servers, name).InvokeAsync(new AIFunctionArguments(arguments.ToDictionary(a => a.Name, a => a.Value))))!;

    private ApprovalGate Gate(ApprovalMode mode, params ApprovalAnswer[] answers) =>
        new(new ApprovalPolicy(mode, sandboxed: true), new Prompt(_asked, new(answers)));

    private sealed class Prompt(List<ApprovalRequest> asked, Queue<ApprovalAnswer> answers) : IApprovalPrompt
    {
        public ValueTask<ApprovalAnswer> AskAsync(ApprovalRequest request, CancellationToken cancellationToken)
        {
            asked.Add(request);
            return new(answers.Dequeue());
        }
    }
}
