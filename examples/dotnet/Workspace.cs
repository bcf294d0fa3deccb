using AgentRuntime.Engine.Chat;
using AgentRuntime.Tools;
using AgentRuntime.Tools.Approval;
using AgentRuntime.Tools.Sandbox;
using Microsoft.Extensions.AI;

/// <summary>A temporary copy of a small repository with one bug, and the tools of a coding agent in it.</summary>
internal sealed class Workspace : IDisposable
{
    public const string Task = "The tests fail. Find the cause and fix it.";

    private readonly ApprovalGate _gate = new(new TestsOnly());

    public Workspace()
    {
        Folder = Directory.CreateTempSubdirectory("agentrt-example-").FullName;
        var example = Path.Combine(AppContext.BaseDirectory, "examples", "wrong-operator");
        foreach (var file in Directory.EnumerateFiles(example, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(Folder, Path.GetRelativePath(example, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
        Tools = RepositoryTools.Create(new ToolContext(Folder, new NoSandbox(), _gate));
    }

    public string Folder { get; }

    public IReadOnlyList<AIFunction> Tools { get; }

    /// <summary>The model that the command line names, or tiny-coder, which knows this kind of task and little else.</summary>
    public static string ModelPath(string[] args)
    {
        var path = args.Length > 0 ? args[0] : Path.Combine(AppContext.BaseDirectory, "models", "tiny-coder", "tiny-coder.gguf");
        if (Path.Exists(path)) return path;
        Console.Error.WriteLine($"The model {path} does not exist; give the path of a GGUF file or a Hugging Face folder.");
        Environment.Exit(2);
        return path;
    }

    /// <summary>Prints what one or more requests cost; usage adds them up.</summary>
    public static void Print(string what, UsageDetails usage) => Console.WriteLine(
        $"{what}: {usage.InputTokenCount} prompt tokens, {usage.CachedInputTokenCount} of them cached, {usage.OutputTokenCount} written, "
        + $"{usage.AdditionalCounts![EngineChatProperties.ComputedTokens]} computed");

    public void Dispose()
    {
        _gate.Dispose();
        Directory.Delete(Folder, true);
    }

    /// <summary>Edits are allowed in the copy; the only command is the one that runs the tests.</summary>
    private sealed class TestsOnly : IApprovalPolicy
    {
        public ApprovalVerdict Decide(ApprovalRequest request) =>
            request.Kind == ApprovalKind.Edit || request.Detail == "dotnet run" ? ApprovalVerdict.Allow : ApprovalVerdict.Deny;

        public bool MayRemember(ApprovalRequest request) => false;
    }
}
