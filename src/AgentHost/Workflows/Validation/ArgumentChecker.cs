using System.Text.Json;
using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Workflows.Validation;

/// <summary>
/// Checks arguments against a JSON schema: names, required ones, <c>type</c>, <c>enum</c>, <c>const</c>, <c>minimum</c>,
/// <c>maximum</c>, <c>items</c>, <c>properties</c>. What an expression gives is checked by its type. Other keywords are left
/// to the tool.
/// </summary>
/// <param name="callee">For sentences: "the tool 'search'".</param>
/// <param name="noun">For sentences: "argument".</param>
/// <param name="expressions">Finds the types of expressions.</param>
/// <param name="problems">Receives what is wrong.</param>
internal sealed class ArgumentChecker(string callee, string noun, ExpressionChecker expressions, ProblemList problems)
{
    private const int MaxDepth = 32;

    /// <summary>Checks the arguments of a call.</summary>
    /// <param name="with">The arguments.</param>
    /// <param name="schema">Their schema; null when it is not known.</param>
    /// <param name="mark">Where the callee is named, for missing arguments.</param>
    public void Check(MapValue with, JsonNode? schema, Mark mark)
    {
        expressions.Check(with);
        if (schema is JsonObject map) CheckMap(with, map, mark, callee, 0);
    }

    private void CheckMap(MapValue value, JsonObject schema, Mark mark, string owner, int depth)
    {
        var properties = schema["properties"] as JsonObject;
        var closed = JsonValues.Kind(schema["additionalProperties"]) == JsonValueKind.False && schema["patternProperties"] is null;
        foreach (var entry in value.Entries)
        {
            if (properties?.TryGetPropertyValue(entry.Name, out var property) == true) Check(entry.Value, property, $"the {noun} '{entry.Name}'", depth + 1);
            else if (closed) problems.Add(entry.Mark, $"{owner} has no {noun} '{entry.Name}'; expected {Names(properties)}{Suggestion.For(entry.Name, properties?.Select(p => p.Key) ?? [])}");
        }
        foreach (var required in schema["required"] as JsonArray ?? [])
        {
            if (JsonValues.String(required) is { } name && value.Find(name) is null)
                problems.Add(mark, $"{owner} needs the {noun} '{name}', which is missing; expected it{(depth == 0 ? " in 'with'" : "")}{Describe(properties?[name])}");
        }
    }

    private void Check(WorkflowValue value, JsonNode? schema, string what, int depth)
    {
        if (schema is not JsonObject map || depth > MaxDepth) return;
        var types = map["type"] is JsonArray several ? several.Select(JsonValues.String).ToList() : [JsonValues.String(map["type"])];
        if (map["type"] is not null && !Fits(value, types))
        {
            var shown = value is ConstantValue { Value: { } constant } && JsonValues.Json(constant) is { Length: <= 40 } json ? json : expressions.Check(value).ToString();
            problems.Add(value.Mark, $"{what} of {callee} is {shown}; expected {string.Join(" or ", types.Select(Noun))}");
            return;
        }
        switch (value)
        {
            case MapValue inner:
                CheckMap(inner, map, inner.Mark, what, depth);
                break;
            case ListValue list:
                foreach (var item in list.Items) Check(item, map["items"], $"an entry of {what}", depth + 1);
                break;
            case ConstantValue constant:
                CheckConstant(constant, map, what);
                break;
        }
    }

    private void CheckConstant(ConstantValue value, JsonObject schema, string what)
    {
        var allowed = schema.ContainsKey("const") ? [schema["const"]] : schema["enum"] as JsonArray;
        if (allowed is not null && !allowed.Any(a => JsonValues.AreEqual(a, value.Value)))
        {
            var names = allowed.Select(a => JsonValues.Text(a)!).ToList();
            problems.Add(value.Mark, $"{what} of {callee} is {JsonValues.Json(value.Value)}; expected one of {string.Join(", ", names)}{Suggestion.For(JsonValues.Text(value.Value)!, names)}");
        }
        if (JsonValues.Number(value.Value) is not { } number) return;
        if (JsonValues.Number(schema["minimum"]) is { } least && number < least) problems.Add(value.Mark, $"{what} of {callee} is {number}; expected at least {least}");
        if (JsonValues.Number(schema["maximum"]) is { } most && number > most) problems.Add(value.Mark, $"{what} of {callee} is {number}; expected at most {most}");
    }

    private ExpressionType TypeOf(TextValue text) => text.Template.Whole is { } whole ? expressions.Check(whole) : ExpressionType.String;

    private bool Fits(WorkflowValue value, IReadOnlyList<string?> types)
    {
        var given = value switch
        {
            TextValue text => TypeOf(text),
            // Null stands for an argument that is not given.
            ConstantValue { Value: null } => ExpressionType.Any,
            ConstantValue constant => ExpressionType.Of(constant.Value),
            ListValue => ExpressionType.List,
            _ => ExpressionType.Object,
        };
        var fraction = value is ConstantValue { Value: var number } && JsonValues.Number(number) is { } n && n != Math.Floor(n);
        return types.Any(type => type switch
        {
            "string" => given.MayBe(ExpressionKind.String),
            "integer" => given.MayBe(ExpressionKind.Number) && !fraction,
            "number" => given.MayBe(ExpressionKind.Number),
            "boolean" => given.MayBe(ExpressionKind.Boolean),
            "array" => given.MayBe(ExpressionKind.List),
            "object" => given.MayBe(ExpressionKind.Object),
            "null" => given.MayBe(ExpressionKind.Null),
            _ => true,
        });
    }

    private static string Noun(string? type) => type switch
    {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "a map",
        _ => "null",
    };

    private static string Names(JsonObject? properties) => properties is { Count: > 0 } ? "one of " + string.Join(", ", properties.Select(p => p.Key)) : "none";

    private static string Describe(JsonNode? property) => JsonValues.String(property?["description"]) is { Length: > 0 } text ? $": {char.ToLowerInvariant(text[0])}{text[1..].TrimEnd('.')}" : "";
}
