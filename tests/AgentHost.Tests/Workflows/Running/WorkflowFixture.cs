using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Journal;
using AgentRuntime.AgentHost.Workflows.Events;
using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.AgentHost.Workflows.Running;
using AgentRuntime.AgentHost.Workflows.Validation;
using AgentRuntime.Tools;
using AgentRuntime.Tools.Approval;
using AgentRuntime.Tools.Sandbox;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Tests.Workflows.Running;

/// <summary>A folder with workflows and a journal, tools and models of a test, and the events of its runs.</summary>
internal sealed class WorkflowFixture : IDisposable
{
    private readonly ApprovalGate _gate = new(new ApprovalPolicy(ApprovalMode.Auto, sandboxed: false, sandboxOff: true));
    private readonly ApprovalGate _never = new(new ApprovalPolicy(ApprovalMode.Never, sandboxed: false));

    public WorkflowFixture()
    {
        Folder = Directory.CreateTempSubdirectory("agentrt-workflow-").FullName;
        Repository = Directory.CreateDirectory(Path.Combine(Folder, "repo")).FullName;
        Journal = new(Path.Combine(Folder, "runs.db"));
    }

    public string Folder { get; }

    public string Repository { get; }

    public RunJournal Journal { get; }

    public List<WorkflowEvent> Events { get; } = [];

    public List<AIFunction> Tools { get; } = [];

    public ScriptedModels Models { get; set; } = ScriptedModels.Echo();

    public TimeProvider Time { get; set; } = TimeProvider.System;

    public Dictionary<string, string> Secrets { get; } = [];

    public int MaxParallel { get; set; } = 8;

    public IEnumerable<WorkflowStepCompleted> Completed => Events.OfType<WorkflowStepCompleted>();

    /// <summary>The steps that really ran, in the order in which they began.</summary>
    public IEnumerable<string> Began => Events.OfType<WorkflowStepStarted>().Select(e => e.Step);

    public void AddTool(string name, Func<string?, CancellationToken, Task<string>> body) =>
        Tools.Add(AIFunctionFactory.Create((string? text = null, CancellationToken cancellationToken = default) => body(text, cancellationToken), name));

    public string Write(string steps, string head = "", string name = "w.yaml")
    {
        var file = Path.Combine(Folder, name);
        File.WriteAllText(file, $"version: 1\nname: Test\n{head}\nsteps:\n  {steps.ReplaceLineEndings("\n  ")}\n");
        return file;
    }

    public Task<WorkflowResult> RunAsync(string steps, string head = "", JsonObject? inputs = null, CancellationToken cancellationToken = default) =>
        RunFileAsync(Write(steps, head), null, null, inputs, cancellationToken);

    public Task<WorkflowResult> ResumeAsync(string run, string? from = null, CancellationToken cancellationToken = default) =>
        RunFileAsync(Path.Combine(Folder, "w.yaml"), run, from, null, cancellationToken);

    public async Task<WorkflowResult> RunFileAsync(string file, string? resume, string? from, JsonObject? inputs, CancellationToken cancellationToken = default)
    {
        Events.Clear();
        var loaded = WorkflowLoader.Load(file, new ToolCatalog(BuiltIn(null)));
        var problems = new ProblemList(file);
        var bound = InputValues.Bind(loaded.Workflow, inputs ?? [], problems);
        Assert.Equal(0, problems.Count);
        using var recorder = resume is null ? Journal.Workflows.Create(file, Repository, null, bound) : Journal.Workflows.Continue(resume);
        return await new WorkflowRunner(Host()).RunAsync(loaded, bound, recorder, from, resume is not null, cancellationToken);
    }

    public WorkflowHost Host() => new()
    {
        Repository = Repository,
        Tools = BuiltIn,
        Approval = _gate,
        Models = Models,
        Journal = Journal,
        Secret = name => Secrets.GetValueOrDefault(name),
        MaxParallel = MaxParallel,
        OnEvent = Events.Add,
        Time = Time,
    };

    public static string Text(JsonNode? value) => JsonValues.Json(value);

    public void Dispose()
    {
        Journal.Dispose();
        _gate.Dispose();
        _never.Dispose();
        Directory.Delete(Folder, true);
    }

    private IReadOnlyList<AIFunction> BuiltIn(ApprovalMode? mode) =>
        [.. RepositoryTools.Create(new ToolContext(Repository, new NoSandbox(), mode == ApprovalMode.Never ? _never : _gate)), .. Tools];
}
