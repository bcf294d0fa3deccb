namespace AgentRuntime.AgentHost.Workflows.Model;

/// <summary>Collects what is wrong with one file. A file that is wrong all over is cut off at <see cref="Limit"/>.</summary>
/// <param name="file">The file, as it was named.</param>
public sealed class ProblemList(string file)
{
    /// <summary>Most problems that are kept.</summary>
    public const int Limit = 200;

    private const int MaxMessage = 1000;

    private readonly List<WorkflowProblem> _problems = [];
    private readonly HashSet<WorkflowProblem> _known = [];

    /// <summary>The file, as it was named.</summary>
    public string File { get; } = file;

    /// <summary>How many there are.</summary>
    public int Count => _problems.Count;

    /// <summary>Adds a problem, once.</summary>
    public void Add(Mark mark, string message) => Add(new WorkflowProblem(File, mark, message));

    /// <summary>Adds a problem, perhaps of another file, once.</summary>
    public void Add(WorkflowProblem problem)
    {
        // Names from the file may be long, or hold line feeds: a problem is one line all the same.
        var line = problem.Message.ReplaceLineEndings(" ");
        problem = problem with { Message = line.Length <= MaxMessage ? line : line[..MaxMessage] + "…" };
        if (_problems.Count < Limit && _known.Add(problem)) _problems.Add(problem);
    }

    /// <summary>The problems: those of this file in the order of their places, then those of the files that it calls.</summary>
    public IReadOnlyList<WorkflowProblem> InOrder() =>
        [.. _problems.OrderBy(p => p.File != File).ThenBy(p => p.File, StringComparer.Ordinal).ThenBy(p => p.Mark.Line).ThenBy(p => p.Mark.Column)];
}
