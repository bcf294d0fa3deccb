using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.AgentHost.Workflows.Planning;
using AgentRuntime.Engine.Grammar;

namespace AgentRuntime.AgentHost.Workflows.Validation;

/// <summary>Checks what a workflow says in one place against what it says in others, and against the tools that there are.</summary>
internal sealed class WorkflowValidator
{
    private readonly Workflow _workflow;
    private readonly IReadOnlyDictionary<string, LoadedWorkflow> _called;
    private readonly IToolCatalog _tools;
    private readonly ProblemList _problems;
    private readonly StepGraph _graph;
    private readonly Dictionary<string, ExpressionType> _steps = new(StringComparer.Ordinal);
    private readonly ExpressionScope _beforeSteps;
    private readonly ExpressionScope _inSteps;

    public WorkflowValidator(Workflow workflow, IReadOnlyDictionary<string, LoadedWorkflow> called, IToolCatalog tools, ProblemList problems)
    {
        (_workflow, _called, _tools, _problems) = (workflow, called, tools, problems);
        _graph = new(workflow);
        _beforeSteps = ExpressionScope.Empty
            .With("inputs", ExpressionType.ObjectOf(workflow.Inputs.ToDictionary(i => i.Name, StepTypes.OfInput)))
            .With("secrets", ExpressionType.Object);
        _inSteps = _beforeSteps.With("env", ExpressionType.ObjectOf(workflow.Env.ToDictionary(e => e.Name, _ => ExpressionType.String)));
    }

    /// <summary>Adds what is wrong to the problems.</summary>
    /// <returns>The types of the workflow's outputs.</returns>
    public IReadOnlyDictionary<string, ExpressionType> Validate()
    {
        InputValues.CheckDeclarations(_workflow, _problems);
        CheckNeeds();
        var env = new ExpressionChecker(_beforeSteps, _problems);
        foreach (var entry in _workflow.Env) env.Check(entry.Value);
        CheckServers();
        foreach (var step in _graph.Order) CheckStep(step);
        SessionChecker.Check(_workflow, _graph, _problems);
        var end = ScopeOf(_workflow.Steps.Select(s => s.Id), Unknown);
        var all = new ExpressionChecker(end with { Roots = end.Roots.Remove("secrets") }, _problems);
        return _workflow.Outputs.ToDictionary(o => o.Name, o => all.Check(o.Value));
    }

    private void CheckNeeds()
    {
        foreach (var step in _workflow.Steps)
        {
            foreach (var need in step.Needs.Where(n => _workflow.Find(n.Name) is null))
                _problems.Add(need.Mark, $"there is no step '{need.Name}'; expected {Others(step.Id)}{Suggestion.For(need.Name, _workflow.Steps.Select(s => s.Id))}");
        }
        foreach (var cycle in _graph.Cycles)
        {
            var first = _workflow.Find(cycle[0])!;
            var need = first.Needs.First(n => n.Name == cycle[1 % cycle.Count]);
            _problems.Add(need.Mark, cycle.Count == 1
                ? $"the step '{first.Id}' needs itself; remove it from 'needs'"
                : $"these steps need each other in a circle: {string.Join(" → ", cycle.Append(cycle[0]))}; remove one of these needs");
        }
    }

    private string Others(string step)
    {
        var others = _workflow.Steps.Where(s => s.Id != step).Select(s => s.Id).ToList();
        return others.Count switch { 0 => "none, because there are no other steps", <= 12 => "one of " + string.Join(", ", others), _ => "the id of another step" };
    }

    private void CheckServers()
    {
        var checker = new ExpressionChecker(_inSteps, _problems);
        foreach (var server in _workflow.Mcp)
        {
            foreach (var value in server.Args.Append(server.Command).Append(server.Url).OfType<WorkflowValue>()) checker.Check(value);
            foreach (var entry in server.Env.Concat(server.Headers)) checker.Check(entry.Value);
            if (server.Url is ConstantValue { Value: JsonValue url } && !(Uri.TryCreate(JsonValues.Text(url), UriKind.Absolute, out var address) && address.Scheme is "http" or "https"))
                _problems.Add(server.Url.Mark, $"'{JsonValues.Text(url)}' is no address of an MCP server; expected one that begins with https:// or http://");
        }
    }

    private void CheckStep(WorkflowStep step)
    {
        var before = _graph.Before(step.Id);
        var scope = ScopeOf(before, id => _workflow.Find(id) is null ? Unknown(id)
            : id == step.Id ? $"the step '{id}' cannot refer to itself; in its 'outputs' use result.NAME"
            : $"the step '{step.Id}' does not need '{id}', so that it may run first; add '{id}' to its 'needs'");
        var checker = new ExpressionChecker(scope, _problems);
        if (step.If is not null && checker.Check(step.If) is var condition && !condition.MayBe(ExpressionKind.Boolean))
            _problems.Add(step.If.Mark, $"'if' is {condition}; expected true or false, as from a comparison such as value == 'x'");
        if (step.ForEach is not null)
        {
            var list = checker.Check(step.ForEach);
            if (!list.MayBe(ExpressionKind.List)) _problems.Add(step.ForEach.Mark, $"'foreach' is {list}; expected a list, as from lines(text) or fromJSON(text)");
            scope = scope.With("item", list.Kind == ExpressionKind.List ? list.Element : ExpressionType.Any).With("index", ExpressionType.Number);
            checker = new(scope, _problems);
        }
        foreach (var entry in step.Env) checker.Check(entry.Value);
        CheckAction(step, checker);

        var outputs = StepTypes.OfAction(step.Action, _called.GetValueOrDefault(step.Id));
        if (step.Action is WorkflowAction && !_called.ContainsKey(step.Id))
        {
            _steps[step.Id] = ExpressionType.Any;
            return;
        }
        var own = new ExpressionChecker(scope.With("result", ExpressionType.ObjectOf(new Dictionary<string, ExpressionType>(outputs))), _problems);
        foreach (var output in step.Outputs)
        {
            var type = own.Check(output.Value);
            if (!outputs.TryAdd(output.Name, type)) _problems.Add(output.Mark, $"the step has an output '{output.Name}' by itself; choose another name");
        }
        _steps[step.Id] = StepTypes.OfStep(step, outputs);
    }

    private void CheckAction(WorkflowStep step, ExpressionChecker checker)
    {
        switch (step.Action)
        {
            case ToolAction { Tool: var name } tool:
                var signature = _tools.BuiltIn.FirstOrDefault(t => t.Name == name);
                if (signature is null && name.Length > 0) UnknownTool(name, tool.Mark, "'uses'");
                Arguments($"the tool '{name}'", "argument", checker).Check(tool.With, signature?.Schema, tool.Mark);
                break;
            case McpAction mcp:
                var known = CheckServerTool(mcp.Server, mcp.Tool, mcp.Mark);
                Arguments($"the tool '{mcp.Tool}'", "argument", checker).Check(mcp.With, known?.Schema, mcp.Mark);
                break;
            case WorkflowAction workflow:
                var schema = _called.TryGetValue(step.Id, out var called) ? InputValues.Schema(called.Workflow) : null;
                Arguments($"the workflow '{workflow.File}'", "input", checker).Check(workflow.With, schema, workflow.Mark);
                break;
            case RunAction run:
                checker.Check(run.Command);
                break;
            case PromptAction prompt:
                checker.Check(prompt.Text);
                if (prompt.System is not null) checker.Check(prompt.System);
                CheckSchema(prompt);
                break;
            case AgentAction agent:
                checker.Check(agent.Task);
                foreach (var tool in agent.Tools ?? []) CheckAgentTool(tool);
                break;
        }
    }

    private ArgumentChecker Arguments(string callee, string noun, ExpressionChecker checker) => new(callee, noun, checker, _problems);

    private void CheckAgentTool(NameReference tool)
    {
        if (!tool.Name.StartsWith("mcp:", StringComparison.Ordinal))
        {
            if (!_tools.BuiltIn.Any(t => t.Name == tool.Name)) UnknownTool(tool.Name, tool.Mark, "'tools'");
        }
        else if (tool.Name["mcp:".Length..].Split('/', 2) is [{ Length: > 0 } server, { Length: > 0 } name])
        {
            CheckServerTool(server, name, tool.Mark);
        }
        else
        {
            _problems.Add(tool.Mark, $"'{tool.Name}' names no tool; expected mcp:SERVER/TOOL, or mcp:SERVER/* for all of a server");
        }
    }

    private void UnknownTool(string name, Mark mark, string key)
    {
        var names = _tools.BuiltIn.Select(t => t.Name).ToList();
        _problems.Add(mark, $"there is no tool '{name}'; expected in {key} one of {string.Join(", ", names)}, or mcp:SERVER/TOOL{Suggestion.For(name, names)}");
    }

    private ToolSignature? CheckServerTool(string server, string tool, Mark mark)
    {
        if (server.Length == 0) return null;
        var servers = _workflow.Mcp.Select(s => s.Name).Concat(_tools.Servers).ToList();
        if (!servers.Contains(server))
        {
            _problems.Add(mark, $"there is no MCP server '{server}'; expected {(servers.Count == 0 ? "a server that is declared under 'mcp'" : "one of " + string.Join(", ", servers))}{Suggestion.For(server, servers)}");
            return null;
        }
        // A server of the workflow hides a configured one of the same name.
        var tools = _workflow.Mcp.Any(s => s.Name == server) ? null : _tools.OfServer(server);
        var found = tools?.FirstOrDefault(t => t.Name == tool);
        if (tools is not null && found is null && tool != "*")
            _problems.Add(mark, $"the MCP server '{server}' has no tool '{tool}'; expected one of {string.Join(", ", tools.Select(t => t.Name))}{Suggestion.For(tool, tools.Select(t => t.Name))}");
        return found;
    }

    private void CheckSchema(PromptAction prompt)
    {
        if (prompt.Schema is null) return;
        try
        {
            Constraint.JsonSchema(JsonValues.Json(prompt.Schema)).Check();
        }
        catch (GrammarException e)
        {
            _problems.Add(Place(prompt.SchemaSource!, e.Message), "the schema cannot be held to: " + e.Message.ReplaceLineEndings(" ").TrimEnd('.'));
        }
    }

    /// <summary>Follows the JSON pointer that a message begins with, as far as it leads.</summary>
    private static Mark Place(WorkflowValue schema, string message)
    {
        var (place, at) = (schema, schema.Mark);
        foreach (var part in message.Split(": ")[0].Split('/').Skip(1))
        {
            var name = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (place is MapValue map && map.Entries.FirstOrDefault(e => e.Name == name) is { } entry) (place, at) = (entry.Value, entry.Mark);
            else if (place is ListValue list && int.TryParse(name, out var index) && index < list.Items.Count) (place, at) = (list.Items[index], list.Items[index].Mark);
            else break;
        }
        return at;
    }

    private ExpressionScope ScopeOf(IEnumerable<string> steps, Func<string, string?> explain) => _inSteps.With("steps", ExpressionType.ObjectOf(
        steps.ToDictionary(id => id, id => _steps.GetValueOrDefault(id, ExpressionType.Any), StringComparer.Ordinal))) with
    {
        ExplainStep = explain,
    };

    private string Unknown(string id) =>
        $"there is no step '{id}'; expected one of {string.Join(", ", _workflow.Steps.Select(s => s.Id))}{Suggestion.For(id, _workflow.Steps.Select(s => s.Id))}";
}
