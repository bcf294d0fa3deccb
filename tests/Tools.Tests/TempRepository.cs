using System.Text;
using AgentRuntime.Tools.Approval;
using AgentRuntime.Tools.Sandbox;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Tools.Tests;

/// <summary>A repository in a temporary folder, a folder beside it that tools must not reach, and the tools.</summary>
internal sealed class TempRepository : IDisposable
{
    private readonly string _base = Directory.CreateTempSubdirectory("tools-tests-").FullName;
    private readonly IReadOnlyList<RepositoryTool> _tools;

    public TempRepository(ISandbox? sandbox = null, IApprovalPolicy? policy = null, IApprovalPrompt? prompt = null, bool git = false)
    {
        Directory.CreateDirectory(Root);
        Directory.CreateDirectory(Outside);
        if (git)
            LibGit2Sharp.Repository.Init(Root);
        Context = new ToolContext(
            Root, sandbox ?? new NoSandbox(),
            new ApprovalGate(policy ?? new ApprovalPolicy(ApprovalMode.Auto, sandboxed: false, sandboxOff: true), prompt));
        _tools = RepositoryTools.Create(Context);
    }

    public ToolContext Context { get; }

    public string Root => Path.Combine(_base, "repo");

    public string Outside => Path.Combine(_base, "outside");

    public RepositoryTool Tool(string name) => _tools.Single(tool => tool.Name == name);

    public async Task<ToolResult> Call(string name, params (string Name, object? Value)[] arguments) =>
        (ToolResult)(await Tool(name).InvokeAsync(new AIFunctionArguments(arguments.ToDictionary(a => a.Name, a => a.Value))))!;

    public void Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));

    public void Write(string path, byte[] bytes)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.WriteAllBytes(At(path), bytes);
    }

    public string Read(string path) => Encoding.UTF8.GetString(File.ReadAllBytes(At(path)));

    public string At(string path) => Path.Combine(Root, path);

    public void Commit()
    {
        using var repository = new LibGit2Sharp.Repository(Root);
        LibGit2Sharp.Commands.Stage(repository, "*");
        var author = new LibGit2Sharp.Signature("a", "a@example.org", DateTimeOffset.UnixEpoch);
        repository.Commit("c", author, author, new LibGit2Sharp.CommitOptions());
    }

    public void Dispose()
    {
        Context.Approval.Dispose();
        Directory.Delete(_base, recursive: true);
    }
}
