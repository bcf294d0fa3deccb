using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Workflows.Planning;

/// <summary>Evaluates what depends only on inputs that are known, and leaves the rest as written. Secrets are never known here.</summary>
internal sealed class KnownValues
{
    private readonly Dictionary<string, HashSet<string>> _names;
    private readonly ExpressionContext _context;

    /// <param name="inputs">The inputs that are known.</param>
    /// <param name="env">The workflow's variables; known where they depend on known inputs only.</param>
    public KnownValues(JsonObject inputs, IReadOnlyList<NamedValue> env)
    {
        _names = new(StringComparer.Ordinal) { ["inputs"] = [.. inputs.Select(i => i.Key)] };
        _context = ExpressionContext.Empty.With("inputs", inputs);
        var variables = new JsonObject();
        foreach (var entry in env)
        {
            if (TryResolve(entry.Value, out var value)) variables[entry.Name] = value;
        }
        _names["env"] = [.. variables.Select(v => v.Key)];
        _context = _context.With("env", variables);
    }

    public bool TryEvaluate(Expression expression, out JsonNode? value)
    {
        value = IsKnown(expression) ? Evaluator.Evaluate(expression, _context) : null;
        return IsKnown(expression);
    }

    public bool TryResolve(WorkflowValue value, out JsonNode? result)
    {
        var known = ExpressionReferences.In(value).All(IsKnown);
        result = known ? Evaluator.Resolve(value, _context) : null;
        return known;
    }

    /// <summary>A value in one line: text as it is, everything else as JSON.</summary>
    public string Show(WorkflowValue value) =>
        (value is MapValue map ? JsonValues.Json(Partly(map)) : JsonValues.Text(Partly(value)) ?? "").Trim().ReplaceLineEndings("⏎");

    private JsonNode? Partly(WorkflowValue value) => value switch
    {
        MapValue map => new JsonObject(map.Entries.Select(e => KeyValuePair.Create(e.Name, Partly(e.Value)))),
        ListValue list => new JsonArray([.. list.Items.Select(Partly)]),
        TextValue { Template: var template } when !ExpressionReferences.In(value).All(IsKnown) => string.Concat(template.Parts.Select(p =>
            p.Expression is { } expression && IsKnown(expression) ? JsonValues.Text(Evaluator.Evaluate(expression, _context)) : p.Source)),
        _ => Evaluator.Resolve(value, _context),
    };

    /// <summary>Whether every name in an expression is a member of something known.</summary>
    private bool IsKnown(Expression expression) => expression switch
    {
        NameExpression => false,
        MemberExpression { Target: NameExpression root } member => _names.TryGetValue(root.Name, out var names) && names.Contains(member.Name),
        _ => expression.Parts.All(IsKnown),
    };
}
