using System.Text;
using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Workflows.Planning;

/// <summary>Draws a workflow's steps and what they need.</summary>
public static class WorkflowGraph
{
    /// <summary>A Mermaid flowchart.</summary>
    public static string Mermaid(Workflow workflow)
    {
        var text = new StringBuilder("flowchart TD\n");
        var names = Names(workflow, "s");
        foreach (var step in workflow.Steps)
            text.Append($"  {names[step.Id]}[\"{string.Join("<br/>", Label(step).Select(EscapeMermaid))}\"]\n");
        foreach (var (from, to) in Edges(workflow)) text.Append($"  {names[from]} --> {names[to]}\n");
        foreach (var step in workflow.Steps.Where(s => s.Session.Mode == SessionMode.Fork && names.ContainsKey(s.Session.Name)))
            text.Append($"  {names[step.Session.Name]} -.->|fork| {names[step.Id]}\n");
        return text.ToString();
    }

    /// <summary>A Graphviz graph.</summary>
    public static string Dot(Workflow workflow)
    {
        var text = new StringBuilder($"digraph {QuoteDot([workflow.Name])} {{\n  node [shape=box];\n");
        foreach (var step in workflow.Steps) text.Append($"  {QuoteDot([step.Id])} [label={QuoteDot(Label(step))}];\n");
        foreach (var (from, to) in Edges(workflow)) text.Append($"  {QuoteDot([from])} -> {QuoteDot([to])};\n");
        foreach (var step in workflow.Steps.Where(s => s.Session.Mode == SessionMode.Fork && workflow.Find(s.Session.Name) is not null))
            text.Append($"  {QuoteDot([step.Session.Name])} -> {QuoteDot([step.Id])} [style=dashed, label=\"fork\"];\n");
        return text.Append("}\n").ToString();
    }

    private static Dictionary<string, string> Names(Workflow workflow, string prefix) =>
        workflow.Steps.Index().ToDictionary(s => s.Item.Id, s => $"{prefix}{s.Index}", StringComparer.Ordinal);

    private static IEnumerable<(string From, string To)> Edges(Workflow workflow) =>
        workflow.Steps.SelectMany(s => s.Needs.Where(n => workflow.Find(n.Name) is not null).Select(n => (n.Name, s.Id)));

    private static IEnumerable<string> Label(WorkflowStep step)
    {
        yield return step.Title;
        yield return step.Action switch
        {
            ToolAction tool => "uses " + tool.Tool,
            McpAction tool => $"uses mcp:{tool.Server}/{tool.Tool}",
            WorkflowAction workflow => "uses " + workflow.File,
            var action => action.Key,
        };
        if (step.ForEach is not null) yield return "for each";
        if (step.If is not null) yield return "if";
    }

    private static string EscapeMermaid(string text) => string.Concat(text.Select(c => c is '"' or '<' or '>' or '#' or '&' or '`' || char.IsControl(c) ? $"#{(int)c};" : c.ToString()));

    private static string QuoteDot(IEnumerable<string> lines) =>
        "\"" + string.Join("\\n", lines.Select(l => l.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).ReplaceLineEndings(" "))) + "\"";
}
