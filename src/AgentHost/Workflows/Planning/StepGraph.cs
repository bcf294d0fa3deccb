using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Workflows.Planning;

/// <summary>Which steps come before which. Needs that name no step are passed over.</summary>
public sealed class StepGraph
{
    private readonly Dictionary<string, WorkflowStep> _steps;
    private readonly Dictionary<string, HashSet<string>> _before = new(StringComparer.Ordinal);

    /// <summary>Builds the graph of a workflow's steps.</summary>
    public StepGraph(Workflow workflow)
    {
        _steps = workflow.Steps.ToDictionary(s => s.Id, StringComparer.Ordinal);
        var groups = new List<IReadOnlyList<WorkflowStep>>();
        HashSet<string> done = new(StringComparer.Ordinal);
        var rest = workflow.Steps.ToList();
        while (rest.FindAll(s => Needs(s).All(done.Contains)) is { Count: > 0 } ready)
        {
            groups.Add(ready);
            done.UnionWith(ready.Select(s => s.Id));
            rest.RemoveAll(s => done.Contains(s.Id));
        }
        Groups = groups;
        Order = [.. groups.SelectMany(g => g), .. rest];
        Cycles = FindCycles(rest);
    }

    /// <summary>The steps in groups: those of a group need only steps of earlier groups, and may run at the same time. Steps in or behind a circle are in none.</summary>
    public IReadOnlyList<IReadOnlyList<WorkflowStep>> Groups { get; }

    /// <summary>All steps, each after those that it needs; steps in or behind a circle are last.</summary>
    public IReadOnlyList<WorkflowStep> Order { get; }

    /// <summary>The circles: each a list of ids in which every step needs the next one, and the last the first.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Cycles { get; }

    /// <summary>The steps that a step needs, directly or through others.</summary>
    public IReadOnlySet<string> Before(string id)
    {
        if (_before.TryGetValue(id, out var known)) return known;
        HashSet<string> found = new(StringComparer.Ordinal);
        var open = new Stack<string>([id]);
        while (open.TryPop(out var next))
        {
            foreach (var need in Needs(_steps[next]))
            {
                if (need != id && found.Add(need)) open.Push(need);
            }
        }
        return _before[id] = found;
    }

    /// <summary>The steps that need a step, directly or through others, in the order of the file.</summary>
    public IReadOnlyList<WorkflowStep> After(string id) => [.. _steps.Values.Where(s => Before(s.Id).Contains(id))];

    private IEnumerable<string> Needs(WorkflowStep step) => step.Needs.Select(n => n.Name).Where(_steps.ContainsKey);

    private List<IReadOnlyList<string>> FindCycles(List<WorkflowStep> rest)
    {
        List<IReadOnlyList<string>> cycles = [];
        var left = rest.Select(s => s.Id).ToHashSet(StringComparer.Ordinal);
        HashSet<string> told = new(StringComparer.Ordinal);
        foreach (var start in rest)
        {
            // Each of these steps needs another of them, so that the walk must come back to where it was.
            List<string> walk = [];
            var id = start.Id;
            while (!walk.Contains(id))
            {
                walk.Add(id);
                id = Needs(_steps[id]).First(left.Contains);
            }
            var cycle = walk[walk.IndexOf(id)..];
            if (cycle.Any(told.Contains)) continue;
            told.UnionWith(cycle);
            // Begins with the step that stands first in the file.
            var first = cycle.IndexOf(rest.First(s => cycle.Contains(s.Id)).Id);
            cycles.Add([.. cycle[first..], .. cycle[..first]]);
        }
        return cycles;
    }
}
