using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Model;
using AgentRuntime.Tools.Approval;

namespace AgentRuntime.AgentHost.Workflows.Reading;

/// <summary>Reads a step.</summary>
internal static class StepReader
{
    private static readonly string[] Actions = ["uses", "run", "prompt", "agent"];

    /// <summary>The keys that only some kinds of steps have.</summary>
    private static readonly (string Key, string[] Actions)[] Restricted =
    [
        ("with", ["uses"]), ("env", ["run"]), ("session", ["prompt", "agent"]), ("model", ["prompt", "agent"]), ("system", ["prompt"]),
        ("schema", ["prompt"]), ("max-tokens", ["prompt", "agent"]), ("temperature", ["prompt", "agent"]),
    ];

    /// <summary>The keys that decide what a step gives: how often and how long it is tried is not among them.</summary>
    private static readonly string[] Decisive =
    [
        .. Actions, "with", "foreach", "outputs", "env", "session", "model", "system", "schema", "max-tokens", "temperature",
    ];

    public static WorkflowStep Read(SourceEntry entry, SourceMap map, ValueReader values, WorkflowDefaults defaults)
    {
        var reader = new MapReader(map, WorkflowKeys.Step, values, entry.Mark);
        var action = Action(entry, reader, defaults);
        var session = Session(reader);
        if (reader.Has("max-parallel") && !reader.Has("foreach")) reader.Problem(reader.KeyMark("max-parallel"), "'max-parallel' is for a step with 'foreach'; remove it");
        return new()
        {
            Id = entry.Key,
            Mark = entry.Mark,
            Name = reader.Name("name"),
            Action = action,
            Needs = reader.Names("needs", "the id of a step") ?? [],
            If = reader.Expression("if"),
            ForEach = ForEach(reader),
            MaxParallel = reader.Integer("max-parallel", 1, 64) ?? (session.Mode == SessionMode.Shared ? 1 : defaults.MaxParallel),
            Retry = Retry(reader) ?? (reader.Has("retry") ? null : defaults.Retry),
            Timeout = reader.Duration("timeout") ?? defaults.Timeout,
            ContinueOnError = reader.Boolean("continue-on-error") ?? false,
            Outputs = reader.Named("outputs", "an output"),
            Env = [.. reader.Variables("env", "the variable").Where(e => Identifiers.Check(e.Name, e.Mark, "a variable", values.Problems))],
            Session = session,
            Model = reader.Name("model") ?? (action.UsesModel ? defaults.Model : null),
            Definition = Definition(map, action, defaults),
        };
    }

    /// <summary><c>retry: 3</c>, or a map.</summary>
    public static RetryPolicy? Retry(MapReader map)
    {
        if (map.Node("retry") is SourceScalar) return map.Integer("retry", 1, 20) is { } times ? RetryPolicy.Times(times) : null;
        if (map.Fixed("retry", WorkflowKeys.RetryPolicy) is not { } retry) return null;
        var usual = RetryPolicy.Times(retry.Integer("max", 1, 20) ?? 1);
        List<RetryCondition> on = [];
        foreach (var name in retry.Names("on", "error or timeout") ?? [])
        {
            if (name.Name is "error" or "timeout") on.Add(name.Name == "error" ? RetryCondition.Error : RetryCondition.Timeout);
            else retry.Problem(name.Mark, $"there is no condition '{name.Name}'; expected error or timeout{Suggestion.For(name.Name, ["error", "timeout"])}");
        }
        return usual with
        {
            Backoff = retry.Duration("backoff") ?? usual.Backoff,
            Jitter = retry.Boolean("jitter") ?? usual.Jitter,
            On = on.Count > 0 ? on : usual.On,
        };
    }

    private static StepAction Action(SourceEntry entry, MapReader step, WorkflowDefaults defaults)
    {
        var given = Actions.Where(step.Has).ToList();
        var found = given.Count == 0 ? "none" : string.Join(" and ", given.Select(a => $"'{a}'"));
        if (given.Count != 1)
        {
            step.Problem(given.Count == 0 ? entry.Mark : step.KeyMark(given[1]), $"the step '{entry.Key}' has {found} of the keys that say what it does; expected exactly one of uses, run, prompt, agent");
        }
        var key = given.FirstOrDefault() ?? "run";
        foreach (var (name, actions) in Restricted)
        {
            if (given.Count == 1 && step.Has(name) && !actions.Contains(key))
                step.Problem(step.KeyMark(name), $"'{name}' is for a step with {string.Join(" or ", actions.Select(a => $"'{a}'"))}, and this one has '{key}'; remove it");
        }
        var mark = step.ValueMark(key);
        return key switch
        {
            "uses" => Uses(step, mark),
            "run" => new RunAction(TextOf(step, "run"), mark),
            "prompt" => new PromptAction(TextOf(step, "prompt"), mark)
            {
                System = step.Text("system"),
                Schema = Schema(step),
                SchemaSource = step.Node("schema") is SourceMap ? step.Value("schema") : null,
                MaxTokens = step.Integer("max-tokens", 1, 1_000_000) ?? defaults.MaxTokens,
                Temperature = step.Number("temperature", 0, 10) ?? defaults.Temperature,
            },
            _ => Agent(step, mark, defaults),
        };
    }

    private static StepAction Uses(MapReader step, Mark mark)
    {
        var with = step.Map("with") ?? MapValue.Empty(step.KeyMark("uses"));
        var uses = step.Name("uses") ?? "";
        if (uses.StartsWith("mcp:", StringComparison.Ordinal))
        {
            var parts = uses["mcp:".Length..].Split('/', 2);
            if (parts.Length == 2 && parts[0].Length > 0 && parts[1].Length > 0) return new McpAction(parts[0], parts[1], with, mark);
            step.Problem(mark, $"'{uses}' names no tool; expected mcp:SERVER/TOOL");
            return new McpAction("", "", with, mark);
        }
        var isFile = uses.StartsWith("./", StringComparison.Ordinal) || uses.StartsWith("../", StringComparison.Ordinal) || uses.StartsWith('/')
            || uses.EndsWith(".yaml", StringComparison.Ordinal) || uses.EndsWith(".yml", StringComparison.Ordinal);
        if (uses.Contains('@', StringComparison.Ordinal))
        {
            step.Problem(mark, $"'{uses}' is an action of GitHub, which cannot run here; expected a built-in tool, mcp:SERVER/TOOL or ./FILE.yaml");
            return new ToolAction("", with, mark);
        }
        return isFile ? new WorkflowAction(uses, with, mark) : new ToolAction(uses, with, mark);
    }

    private static AgentAction Agent(MapReader step, Mark mark, WorkflowDefaults defaults)
    {
        var maxTokens = step.Integer("max-tokens", 1, 1_000_000) ?? defaults.MaxTokens;
        var temperature = step.Number("temperature", 0, 10) ?? defaults.Temperature;
        if (step.Node("agent") is not SourceMap) return new(TextOf(step, "agent"), mark) { MaxTokens = maxTokens, Temperature = temperature };
        var agent = step.Fixed("agent", WorkflowKeys.Agent)!;
        ApprovalMode? approval = agent.Name("approval") switch
        {
            null => null,
            "ask" => ApprovalMode.Ask,
            "auto" => ApprovalMode.Auto,
            "never" => ApprovalMode.Never,
            var other => Unknown(other),
        };
        return new(TextOf(agent, "task"), mark)
        {
            Tools = agent.Names("tools", "the name of a tool"),
            MaxSteps = agent.Integer("max-steps", 1, 1000),
            TokenBudget = agent.Integer("token-budget", 1, 10_000_000),
            Approval = approval,
            MaxTokens = maxTokens,
            Temperature = temperature,
        };

        ApprovalMode? Unknown(string name)
        {
            agent.Problem(agent.ValueMark("approval"), $"there is no approval mode '{name}'; expected ask, auto or never{Suggestion.For(name, ["ask", "auto", "never"])}");
            return null;
        }
    }

    private static WorkflowValue TextOf(MapReader map, string key) => map.Text(key) ?? new ConstantValue(JsonValue.Create(""), map.ValueMark(key));

    private static JsonNode? Schema(MapReader step) => step.Node("schema") switch
    {
        null => null,
        SourceMap => step.Json("schema"),
        var other => step.Wrong<JsonNode>("schema", other, "a JSON schema, as a map"),
    };

    private static WorkflowValue? ForEach(MapReader step) => step.Node("foreach") switch
    {
        null => null,
        SourceList => step.Value("foreach"),
        SourceScalar { Text: var text } when ExpressionReader.HasExpressions(text) => step.Value("foreach"),
        var other => step.Wrong<WorkflowValue>("foreach", other, "a list, or an expression such as ${{ inputs.files }}"),
    };

    private static StepSession Session(MapReader step)
    {
        if (step.Name("session") is not { } text) return StepSession.New;
        var mark = step.ValueMark("session");
        var parts = text.Split(':', 2);
        if (text == "new") return StepSession.New with { Mark = mark };
        if (parts is ["shared" or "fork", var name] && Identifiers.IsValid(name)) return new(parts[0] == "fork" ? SessionMode.Fork : SessionMode.Shared, name, mark);
        step.Problem(mark, $"there is no session '{text}'; expected new, shared:NAME or fork:STEP");
        return StepSession.New;
    }

    private static string Definition(SourceMap map, StepAction action, WorkflowDefaults defaults)
    {
        var written = new SortedDictionary<string, JsonNode?>(StringComparer.Ordinal);
        foreach (var entry in map.Entries.Where(e => Decisive.Contains(e.Key))) written.Add(entry.Key, ValueReader.AsWritten(entry.Value));
        if (action.UsesModel)
        {
            if (defaults.Model is not null) written.TryAdd("model", defaults.Model);
            if (defaults.MaxTokens is not null) written.TryAdd("max-tokens", defaults.MaxTokens);
            if (defaults.Temperature is not null) written.TryAdd("temperature", defaults.Temperature);
        }
        return JsonValues.Json(new JsonObject(written));
    }
}
