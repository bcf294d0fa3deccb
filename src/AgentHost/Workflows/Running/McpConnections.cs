using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.Tools.Mcp;

namespace AgentRuntime.AgentHost.Workflows.Running;

/// <summary>The MCP servers of a workflow: those that it declares and those of the user's configuration, as far as its steps use them.</summary>
internal static class McpConnections
{
    /// <summary>Starts the servers that steps use.</summary>
    /// <exception cref="Tools.ToolsException">One could not be started; none runs.</exception>
    public static Task<McpServers> StartAsync(WorkflowHost host, Workflow workflow, ExpressionContext context, CancellationToken cancellationToken)
    {
        var used = Used(workflow);
        var settings = used.Select(name => workflow.Mcp.FirstOrDefault(s => s.Name == name) is { } declared ? Settings(declared, host, context)
            : host.Servers.GetValueOrDefault(name)).OfType<McpServerSettings>().ToList();
        return settings.Count == 0 ? Task.FromResult(McpServers.None) : McpServers.StartAsync(settings, host.Approval, host.Time, cancellationToken);
    }

    /// <summary>What steps call that the servers do not have, now that it is known.</summary>
    /// <exception cref="WorkflowException">A tool is missing.</exception>
    public static void Check(Workflow workflow, McpServers servers)
    {
        var problems = new ProblemList(workflow.File);
        foreach (var action in workflow.Steps.Select(s => s.Action).OfType<McpAction>())
        {
            var names = servers.Tools.Where(t => t.Server == action.Server).Select(t => t.ToolName).ToList();
            if (!names.Contains(action.Tool))
                problems.Add(action.Mark, $"the MCP server '{action.Server}' has no tool '{action.Tool}'; expected one of {string.Join(", ", names)}{Suggestion.For(action.Tool, names)}");
        }
        if (problems.Count > 0) throw new WorkflowException(problems.InOrder());
    }

    private static IEnumerable<string> Used(Workflow workflow) => workflow.Steps.SelectMany(IEnumerable<string> (step) => step.Action switch
    {
        McpAction mcp => [mcp.Server],
        AgentAction { Tools: { } tools } => tools.Where(t => t.Name.StartsWith("mcp:", StringComparison.Ordinal)).Select(t => t.Name["mcp:".Length..].Split('/')[0]),
        _ => [],
    }).Distinct(StringComparer.Ordinal);

    private static McpServerSettings Settings(Model.McpServer server, WorkflowHost host, ExpressionContext context)
    {
        var settings = new McpServerSettings
        {
            Name = server.Name,
            Command = server.Command is null ? null : Evaluator.Text(server.Command, context),
            Arguments = [.. server.Args.Select(a => Evaluator.Text(a, context))],
            Environment = Texts(server.Env, context),
            WorkingDirectory = host.Repository,
            Url = server.Url is null ? null : Evaluator.Text(server.Url, context),
            Headers = Texts(server.Headers, context),
        };
        return server.Timeout is { } timeout ? settings with { Timeout = timeout } : settings;
    }

    private static Dictionary<string, string> Texts(IReadOnlyList<NamedValue> entries, ExpressionContext context) =>
        entries.ToDictionary(e => e.Name, e => Evaluator.Text(e.Value, context), StringComparer.Ordinal);
}
