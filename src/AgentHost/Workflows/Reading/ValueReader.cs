using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Workflows.Reading;

/// <summary>Turns nodes of the file into values.</summary>
internal sealed class ValueReader(SourceText text, ProblemList problems)
{
    public ProblemList Problems => problems;

    /// <summary>A value, in which texts may have expressions.</summary>
    public WorkflowValue Value(SourceNode node) => node switch
    {
        SourceScalar scalar when ExpressionReader.HasExpressions(scalar.Text) =>
            new TextValue(ExpressionReader.ReadTemplate(scalar.Text, text.Places(scalar), problems), scalar.Mark),
        SourceScalar scalar => new ConstantValue(ScalarValues.Of(scalar), scalar.Mark),
        SourceList list => new ListValue([.. list.Items.Select(Value)], list.Mark),
        SourceMap map => new MapValue([.. map.Entries.Select(e => new NamedValue(e.Key, e.Mark, Value(e.Value)))], map.Mark),
        _ => new ConstantValue(null, node.Mark),
    };

    /// <summary>A value without expressions.</summary>
    public JsonNode? Json(SourceNode node, string key)
    {
        switch (node)
        {
            case SourceScalar scalar when ExpressionReader.HasExpressions(scalar.Text):
                problems.Add(text.Places(scalar)(scalar.Text.IndexOf("${{", StringComparison.Ordinal)), $"'{key}' takes no expressions, because it is needed before anything runs; write the value");
                return null;
            case SourceScalar scalar:
                return ScalarValues.Of(scalar);
            case SourceList list:
                return new JsonArray([.. list.Items.Select(i => Json(i, key))]);
            case SourceMap map:
                return new JsonObject(map.Entries.Select(e => KeyValuePair.Create(e.Key, Json(e.Value, key))));
            default:
                return null;
        }
    }

    /// <summary>An expression, with or without <c>${{ }}</c>; null, with a problem, when it cannot be read.</summary>
    public Expression? Expression(SourceScalar scalar)
    {
        if (!ExpressionReader.HasExpressions(scalar.Text)) return ExpressionReader.ReadExpression(scalar.Text, text.Places(scalar), problems);
        var template = ExpressionReader.ReadTemplate(scalar.Text, text.Places(scalar), problems);
        if (template.Whole is null) problems.Add(scalar.Mark, "a condition is one expression; remove what is around ${{ }}, and put '&&' or '||' inside");
        return template.Whole;
    }

    /// <summary>The node as written, as JSON.</summary>
    public static JsonNode? AsWritten(SourceNode node) => node switch
    {
        SourceScalar scalar => ScalarValues.Of(scalar),
        SourceList list => new JsonArray([.. list.Items.Select(AsWritten)]),
        SourceMap map => new JsonObject(map.Entries.Select(e => KeyValuePair.Create(e.Key, AsWritten(e.Value)))),
        _ => null,
    };
}
