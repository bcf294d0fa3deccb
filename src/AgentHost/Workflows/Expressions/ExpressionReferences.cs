using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Workflows.Expressions;

/// <summary>What expressions refer to.</summary>
public static class ExpressionReferences
{
    /// <summary>All expressions in something written in a workflow.</summary>
    public static IEnumerable<Expression> In(WorkflowValue? value) => value switch
    {
        TextValue text => text.Template.Parts.Select(p => p.Expression).OfType<Expression>(),
        ListValue list => list.Items.SelectMany(In),
        MapValue map => map.Entries.SelectMany(e => In(e.Value)),
        _ => [],
    };

    /// <summary>All expressions of a step.</summary>
    public static IEnumerable<Expression> In(WorkflowStep step)
    {
        IEnumerable<WorkflowValue?> values = step.Action switch
        {
            ToolAction tool => [tool.With],
            McpAction tool => [tool.With],
            WorkflowAction workflow => [workflow.With],
            RunAction run => [run.Command],
            PromptAction prompt => [prompt.Text, prompt.System],
            AgentAction agent => [agent.Task],
            _ => [],
        };
        return values.Append(step.ForEach).Concat(step.Env.Concat(step.Outputs).Select(e => e.Value)).SelectMany(In)
            .Concat(step.If is null ? [] : [step.If]);
    }

    /// <summary>All expressions of a workflow.</summary>
    public static IEnumerable<Expression> In(Workflow workflow) =>
        workflow.Env.Concat(workflow.Outputs).Select(e => e.Value)
            .Concat(workflow.Mcp.SelectMany(s => s.Args.Append(s.Command).Append(s.Url).Concat(s.Env.Concat(s.Headers).Select(e => e.Value))).OfType<WorkflowValue>())
            .SelectMany(In)
            .Concat(workflow.Steps.SelectMany(In));

    /// <summary>The names of the secrets that a workflow refers to, sorted.</summary>
    public static IReadOnlyList<string> Secrets(Workflow workflow) => Members(In(workflow), "secrets");

    /// <summary>The secrets that a workflow refers to, each with the first place where it does.</summary>
    public static IReadOnlyList<(string Name, Mark Mark)> SecretPlaces(Workflow workflow) =>
        [.. Below(In(workflow), "secrets").GroupBy(m => m.Name, StringComparer.Ordinal).Select(g => (g.Key, g.Select(m => m.Mark).MinBy(m => (m.Line, m.Column)))).OrderBy(s => s.Key, StringComparer.Ordinal)];

    /// <summary>The ids of the steps that expressions refer to, sorted.</summary>
    public static IReadOnlyList<string> Steps(IEnumerable<Expression> expressions) => Members(expressions, "steps");

    /// <summary>The roots that an expression refers to.</summary>
    internal static IEnumerable<string> Roots(Expression expression) => All(expression).OfType<NameExpression>().Select(n => n.Name);

    /// <summary>The names right below a root.</summary>
    private static List<string> Members(IEnumerable<Expression> expressions, string root) =>
        [.. Below(expressions, root).Select(m => m.Name).Distinct().Order(StringComparer.Ordinal)];

    private static IEnumerable<MemberExpression> Below(IEnumerable<Expression> expressions, string root) =>
        expressions.SelectMany(All).OfType<MemberExpression>().Where(m => m.Target is NameExpression name && name.Name == root);

    private static IEnumerable<Expression> All(Expression expression) => expression.Parts.SelectMany(All).Prepend(expression);
}
