using AgentRuntime.AgentHost.Conversations;
using AgentRuntime.AgentHost.Events;
using AgentRuntime.AgentHost.Journal;
using AgentRuntime.Tools;
using AgentRuntime.Tools.Approval;
using AgentRuntime.Tools.Sandbox;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Tests;

/// <summary>A repository in a temporary folder with a journal, and agents over both.</summary>
internal sealed class AgentFixture : IDisposable
{
    public static readonly RunDescription Description = new("do it", "/repo", "scripted");

    private readonly ApprovalGate _gate;

    private readonly TimeProvider _time;

    public AgentFixture(IApprovalPrompt? prompt = null, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        _gate = new(new ApprovalPolicy(prompt is null ? ApprovalMode.Auto : ApprovalMode.Ask, sandboxed: false, sandboxOff: true), prompt);
        Folder = Directory.CreateTempSubdirectory("agentrt-test-").FullName;
        Repository = Directory.CreateDirectory(Path.Combine(Folder, "repo")).FullName;
        Journal = new(Path.Combine(Folder, "runs.db"));
    }

    public string Folder { get; }

    public string Repository { get; }

    public RunJournal Journal { get; }

    public List<AgentEvent> Events { get; } = [];

    public List<AIFunction> ExtraTools { get; } = [];

    public AgentOptions Options { get; set; } = new();

    public ToolDispatcher Dispatcher => new([.. RepositoryTools.Create(new ToolContext(Repository, new NoSandbox(), _gate, _time)), .. ExtraTools], TimeSpan.FromSeconds(30));

    public Agent CreateAgent(IConversation conversation, RunRecorder recorder) => new(conversation, Dispatcher, recorder, Options, Events.Add, _time);

    public async Task<RunResult> RunAsync(IConversation conversation, CancellationToken cancellationToken = default)
    {
        var opening = AgentPrompt.Create(Repository, "do it");
        using var recorder = Journal.Create(Repository, "scripted", "do it", opening);
        return await CreateAgent(conversation, recorder).RunAsync(Description, opening, cancellationToken);
    }

    public async Task<RunResult> ResumeAsync(IConversation conversation, string run, InterruptedCallDecision decision = InterruptedCallDecision.Stop)
    {
        var recorded = Journal.Load(run);
        using var recorder = Journal.Continue(run);
        return await CreateAgent(conversation, recorder).ResumeAsync(Description, new(recorded, Dispatcher.IsReadOnly, (_, _) => new(decision)));
    }

    public string Write(string path, string content)
    {
        var full = Path.Combine(Repository, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, content);
        return full;
    }

    public string Read(string path) => File.ReadAllText(Path.Combine(Repository, path));

    public void Dispose()
    {
        Journal.Dispose();
        _gate.Dispose();
        Directory.Delete(Folder, true);
    }
}
