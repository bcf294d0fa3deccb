using System.Collections.Concurrent;
using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.AgentHost.Workflows.Planning;
using Microsoft.Extensions.AI;

namespace AgentRuntime.AgentHost.Workflows.Running;

/// <summary>
/// The conversations of one workflow: those that steps share, and those that are kept because other steps fork them. All
/// steps that go on with a conversation are told of the same tools, so that its beginning is one to the token.
/// </summary>
internal sealed class SessionPool : IAsyncDisposable
{
    private readonly Workflow _workflow;
    private readonly IWorkflowModels _models;
    private readonly Dictionary<string, IReadOnlyList<AITool>> _tools = new(StringComparer.Ordinal);
    private readonly HashSet<string> _forked;
    private readonly ConcurrentDictionary<string, SessionSlot> _shared = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, SessionSlot> _kept = new(StringComparer.Ordinal);

    /// <param name="workflow">The workflow.</param>
    /// <param name="models">Makes conversations.</param>
    /// <param name="toolsOf">The tools of an agent.</param>
    public SessionPool(Workflow workflow, IWorkflowModels models, Func<AgentAction, IEnumerable<AITool>> toolsOf)
    {
        (_workflow, _models) = (workflow, models);
        var steps = workflow.Steps.Where(s => s.Action.UsesModel).ToList();
        _forked = [.. steps.Where(s => s.Session.Mode == SessionMode.Fork).Select(s => s.Session.Name)];
        foreach (var group in steps.GroupBy(Root))
        {
            _tools[group.Key] = [.. group.Select(s => s.Action).OfType<AgentAction>().SelectMany(toolsOf)
                .DistinctBy(t => t.Name).OrderBy(t => t.Name, StringComparer.Ordinal)];
        }
    }

    /// <summary>The pairs of steps of which the second waits for the first because they share a conversation, in the order of the plan.</summary>
    public static IEnumerable<(string First, string Second)> Order(Workflow workflow, StepGraph graph) =>
        graph.Order.Where(s => s.Session.Mode == SessionMode.Shared && s.Action.UsesModel).GroupBy(s => s.Session.Name)
            .SelectMany(group => group.Zip(group.Skip(1), (a, b) => (a.Id, b.Id)));

    /// <summary>The conversation with which a step goes on.</summary>
    /// <param name="step">A step with a model.</param>
    /// <param name="meter">Told what a fork costs.</param>
    /// <exception cref="StepFailedException">The step whose conversation is to be forked has none.</exception>
    public SessionSlot Open(WorkflowStep step, StepMeter meter)
    {
        switch (step.Session.Mode)
        {
            case SessionMode.Shared:
                return _shared.GetOrAdd(step.Session.Name, _ => New(step));
            case SessionMode.Fork:
                if (!_kept.TryGetValue(step.Session.Name, out var origin))
                    throw new StepFailedException($"the step '{step.Session.Name}' was skipped or failed, so it has no conversation to fork; give this step an 'if'");
                return new(token => origin.ForkAsync(meter, token), origin.Lineage);
            default:
                return New(step);
        }
    }

    /// <summary>Keeps a conversation for forks, or lets go of it. Called when its step has succeeded.</summary>
    public async ValueTask KeepAsync(WorkflowStep step, SessionSlot slot, CancellationToken cancellationToken)
    {
        var shared = step.Session.Mode == SessionMode.Shared;
        if (_forked.Contains(step.Id)) _kept[step.Id] = shared ? await slot.SnapshotAsync(cancellationToken).ConfigureAwait(false) : slot;
        else if (!shared) await slot.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Lets go of the conversation of a step that failed, unless others share it.</summary>
    public static ValueTask DropAsync(WorkflowStep step, SessionSlot slot) => step.Session.Mode == SessionMode.Shared ? default : slot.DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var slot in _shared.Values.Concat(_kept.Values)) await slot.DisposeAsync().ConfigureAwait(false);
    }

    private SessionSlot New(WorkflowStep step) =>
        new(token => _models.CreateConversationAsync(step.Model, _tools[Root(step)], token), "");

    /// <summary>What names the conversation that a step's goes back to.</summary>
    private string Root(WorkflowStep step)
    {
        // The steps before are finitely many: a fork's origin comes before it.
        while (step.Session.Mode == SessionMode.Fork && _workflow.Find(step.Session.Name) is { } origin) step = origin;
        return step.Session.Mode == SessionMode.Shared ? "shared:" + step.Session.Name : "step:" + step.Id;
    }
}
