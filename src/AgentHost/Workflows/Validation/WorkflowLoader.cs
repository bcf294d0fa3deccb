using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.AgentHost.Workflows.Reading;

namespace AgentRuntime.AgentHost.Workflows.Validation;

/// <summary>Reads a workflow and the workflows that it calls, and checks them all. Nothing is started.</summary>
public sealed class WorkflowLoader
{
    /// <summary>Deepest nesting of workflows that call each other.</summary>
    public const int MaxDepth = 8;

    /// <summary>Most files.</summary>
    public const int MaxFiles = 100;

    private readonly IToolCatalog _tools;
    private readonly ProblemList _problems;
    private readonly Dictionary<string, LoadedWorkflow?> _loaded = new(StringComparer.Ordinal);
    private readonly List<string> _chain = [];

    private WorkflowLoader(IToolCatalog tools, ProblemList problems) => (_tools, _problems) = (tools, problems);

    /// <summary>Loads a workflow.</summary>
    /// <exception cref="WorkflowException">Something is wrong with it, or with one that it calls.</exception>
    public static LoadedWorkflow Load(string file, IToolCatalog tools)
    {
        var problems = new ProblemList(file);
        var loaded = Load(tools, problems);
        return loaded is not null && problems.Count == 0 ? loaded : throw new WorkflowException(problems.InOrder());
    }

    /// <summary>Loads a workflow and collects what is wrong.</summary>
    /// <param name="tools">The tools that there are.</param>
    /// <param name="problems">Names the file, and receives what is wrong with it and with those that it calls.</param>
    /// <returns>The workflow, as far as it could be read.</returns>
    public static LoadedWorkflow? Load(IToolCatalog tools, ProblemList problems) => new WorkflowLoader(tools, problems).Load(problems.File);

    private LoadedWorkflow? Load(string file)
    {
        var path = Path.GetFullPath(file);
        if (_loaded.TryGetValue(path, out var known)) return known;
        var problems = file == _problems.File ? _problems : new ProblemList(file);
        LoadedWorkflow? loaded = null;
        if (WorkflowReader.ReadFile(problems) is { } workflow)
        {
            _chain.Add(path);
            Dictionary<string, LoadedWorkflow> called = new(StringComparer.Ordinal);
            foreach (var step in workflow.Steps)
            {
                if (step.Action is WorkflowAction action && Call(workflow, action, problems) is { } other) called.Add(step.Id, other);
            }
            _chain.RemoveAt(_chain.Count - 1);
            loaded = new(workflow, called, new WorkflowValidator(workflow, called, _tools, problems).Validate());
        }
        if (problems != _problems)
        {
            foreach (var problem in problems.InOrder()) _problems.Add(problem);
        }
        return _loaded[path] = loaded;
    }

    private LoadedWorkflow? Call(Workflow caller, WorkflowAction action, ProblemList problems)
    {
        var file = action.PathFrom(caller.File);
        var path = Path.GetFullPath(file);
        var message = _chain.IndexOf(path) is var first and >= 0
                ? $"'{action.File}' would call itself: {string.Join(" → ", _chain.Skip(first).Append(path).Select(Path.GetFileName))}; remove one of these calls"
            : _chain.Count >= MaxDepth ? $"workflows call each other more than {MaxDepth} levels deep; call this one from further up"
            : _loaded.Count + _chain.Count >= MaxFiles && !_loaded.ContainsKey(path) ? $"the workflow calls more than {MaxFiles} others; join some of them"
            : Directory.Exists(path) ? $"'{action.File}' is a folder; name a workflow's YAML file in it"
            : !File.Exists(path) ? $"the workflow '{action.File}' does not exist; the path begins at this file's folder{Near(path)}"
            : null;
        if (message is null) return Load(file);
        problems.Add(action.Mark, message);
        return null;
    }

    private static string Near(string path)
    {
        try
        {
            var folder = Path.GetDirectoryName(path);
            return folder is null || !Directory.Exists(folder) ? "" : Suggestion.For(Path.GetFileName(path), Directory.EnumerateFiles(folder).Take(1000).Select(f => Path.GetFileName(f)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
