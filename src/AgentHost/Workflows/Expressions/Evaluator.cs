using System.Text.Json;
using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Workflows.Expressions;

/// <summary>Computes values of expressions and texts.</summary>
public static class Evaluator
{
    /// <summary>Most characters of a resolved text.</summary>
    public const int MaxTextLength = 16_000_000;

    /// <summary>
    /// An expression's value. Always ends and never throws: a path that leads nowhere, and a function that was given what it
    /// does not take, are null; a condition of something that is no boolean is false.
    /// </summary>
    /// <returns>A value that may be shared with the context: clone it before it becomes part of something else.</returns>
    public static JsonNode? Evaluate(Expression expression, ExpressionContext context) => expression switch
    {
        LiteralExpression literal => literal.Value,
        NameExpression name => context[name.Name],
        MemberExpression member => Evaluate(member.Target, context) is JsonObject map && map.TryGetPropertyValue(member.Name, out var value) ? value : null,
        IndexExpression index => At(Evaluate(index.Target, context), Evaluate(index.Index, context)),
        NotExpression not => !IsTrue(Evaluate(not.Operand, context)),
        BinaryExpression { Operator: "&&" } and => IsTrue(Evaluate(and.Left, context)) && IsTrue(Evaluate(and.Right, context)),
        BinaryExpression { Operator: "||" } or => IsTrue(Evaluate(or.Left, context)) || IsTrue(Evaluate(or.Right, context)),
        BinaryExpression binary => Compare(binary.Operator, Evaluate(binary.Left, context), Evaluate(binary.Right, context)),
        CallExpression call => ExpressionFunctions.Find(call.Function)?.Invoke([.. call.Arguments.Select(a => Evaluate(a, context))]),
        ListExpression list => new JsonArray([.. list.Items.Select(i => Evaluate(i, context)?.DeepClone())]),
        _ => null,
    };

    /// <summary>Whether an expression's value is <c>true</c>.</summary>
    public static bool IsTrue(Expression expression, ExpressionContext context) => IsTrue(Evaluate(expression, context));

    /// <summary>The value of something written in a workflow.</summary>
    /// <returns>A value of the caller's own.</returns>
    /// <exception cref="AgentException">A text becomes longer than <see cref="MaxTextLength"/>.</exception>
    public static JsonNode? Resolve(WorkflowValue value, ExpressionContext context) => value switch
    {
        ConstantValue constant => constant.Value?.DeepClone(),
        TextValue { Template.Whole: { } expression } => Evaluate(expression, context)?.DeepClone(),
        TextValue text => JsonValue.Create(Text(text, context)),
        ListValue list => new JsonArray([.. list.Items.Select(i => Resolve(i, context))]),
        MapValue map => Resolve(map.Entries, context),
        _ => null,
    };

    /// <summary>The values of named things, as a map.</summary>
    /// <exception cref="AgentException">A text becomes longer than <see cref="MaxTextLength"/>.</exception>
    public static JsonObject Resolve(IReadOnlyList<NamedValue> entries, ExpressionContext context) =>
        new(entries.Select(e => KeyValuePair.Create(e.Name, Resolve(e.Value, context))));

    /// <summary>The value of something written in a workflow, as text: null is nothing, lists and maps are JSON.</summary>
    /// <exception cref="AgentException">The text becomes longer than <see cref="MaxTextLength"/>.</exception>
    public static string Text(WorkflowValue value, ExpressionContext context)
    {
        string? result;
        if (value is TextValue { Template.Whole: null } text)
        {
            var builder = new BoundedText(MaxTextLength);
            foreach (var part in text.Template.Parts)
            {
                var piece = part.Expression is null ? part.Source : JsonValues.Text(Evaluate(part.Expression, context), MaxTextLength);
                if (piece is null || builder.Append(piece).Exceeded) break;
            }
            result = builder.Result;
        }
        else
        {
            result = JsonValues.Text(Resolve(value, context), MaxTextLength);
        }
        return result ?? throw new AgentException($"The text at line {value.Mark.Line} would be longer than {MaxTextLength:N0} characters; take a slice of what goes into it.");
    }

    private static bool IsTrue(JsonNode? value) => JsonValues.Kind(value) == JsonValueKind.True;

    private static JsonNode? At(JsonNode? target, JsonNode? index) => target switch
    {
        JsonArray array when JsonValues.Number(index) is { } number && number == Math.Floor(number) && number >= 0 && number < array.Count => array[(int)number],
        JsonObject map when JsonValues.String(index) is { } name && map.TryGetPropertyValue(name, out var value) => value,
        _ => null,
    };

    private static bool Compare(string symbol, JsonNode? left, JsonNode? right)
    {
        if (symbol == "==") return JsonValues.AreEqual(left, right);
        if (symbol == "!=") return !JsonValues.AreEqual(left, right);
        int order;
        if (JsonValues.Number(left) is { } a && JsonValues.Number(right) is { } b) order = a.CompareTo(b);
        else if (JsonValues.String(left) is { } s && JsonValues.String(right) is { } t) order = string.CompareOrdinal(s, t);
        else return false;
        return symbol switch { "<" => order < 0, "<=" => order <= 0, ">" => order > 0, _ => order >= 0 };
    }
}
