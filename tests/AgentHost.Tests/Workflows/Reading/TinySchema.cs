using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AgentRuntime.AgentHost.Workflows.Expressions;

namespace AgentRuntime.AgentHost.Tests.Workflows.Reading;

/// <summary>As much of JSON Schema as the schema of workflows uses; an unknown keyword is an error, so that none is passed over.</summary>
internal static class TinySchema
{
    /// <summary>The places of what a schema does not allow.</summary>
    public static List<string> Check(JsonNode? value, JsonNode? schema, JsonObject root, string place = "")
    {
        List<string> wrong = [];
        if (schema is not JsonObject map) return wrong;
        foreach (var (keyword, rule) in map)
        {
            switch (keyword)
            {
                case "$schema" or "$defs" or "title" or "description":
                    break;
                case "$ref":
                    wrong.AddRange(Check(value, root["$defs"]![rule!.GetValue<string>()["#/$defs/".Length..]], root, place));
                    break;
                case "type":
                    Require(rule is JsonArray several ? several.Any(t => Is(value, t!.GetValue<string>())) : Is(value, rule!.GetValue<string>()));
                    break;
                case "const":
                    Require(JsonValues.AreEqual(value, rule));
                    break;
                case "enum":
                    Require(rule!.AsArray().Any(r => JsonValues.AreEqual(value, r)));
                    break;
                case "pattern":
                    Require(Text(value) is not { } text || Regex.IsMatch(text, rule!.GetValue<string>()));
                    break;
                case "minLength":
                    Require(Text(value) is not { } s || s.Length >= rule!.GetValue<int>());
                    break;
                case "minimum":
                    Require(Number(value) is not { } least || least >= Number(rule));
                    break;
                case "maximum":
                    Require(Number(value) is not { } most || most <= Number(rule));
                    break;
                case "minItems":
                    Require(value is not JsonArray list || list.Count >= rule!.GetValue<int>());
                    break;
                case "minProperties":
                    Require(value is not JsonObject entries || entries.Count >= rule!.GetValue<int>());
                    break;
                case "items":
                    foreach (var item in value as JsonArray ?? []) wrong.AddRange(Check(item, rule, root, place + "/items"));
                    break;
                case "required":
                    foreach (var name in rule!.AsArray().Select(n => n!.GetValue<string>()).Where(n => value is JsonObject o && !o.ContainsKey(n))) wrong.Add($"{place}/{name}");
                    break;
                case "properties":
                    foreach (var (name, inner) in rule!.AsObject())
                    {
                        if (value is JsonObject o && o.TryGetPropertyValue(name, out var given)) wrong.AddRange(Check(given, inner, root, $"{place}/{name}"));
                    }
                    break;
                case "propertyNames":
                    foreach (var (name, _) in value as JsonObject ?? []) wrong.AddRange(Check(JsonValue.Create(name), rule, root, $"{place}/{name}"));
                    break;
                case "additionalProperties":
                    foreach (var (name, given) in (value as JsonObject ?? []).Where(p => map["properties"]?.AsObject().ContainsKey(p.Key) != true))
                    {
                        if (rule is JsonValue) wrong.Add($"{place}/{name}");
                        else wrong.AddRange(Check(given, rule, root, $"{place}/{name}"));
                    }
                    break;
                case "anyOf":
                    Require(rule!.AsArray().Any(r => Check(value, r, root).Count == 0));
                    break;
                case "oneOf":
                    Require(rule!.AsArray().Count(r => Check(value, r, root).Count == 0) == 1);
                    break;
                default:
                    throw new NotSupportedException(keyword);
            }
        }
        return wrong;

        void Require(bool holds)
        {
            if (!holds) wrong.Add(place);
        }
    }

    private static string? Text(JsonNode? value) => value?.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    private static double? Number(JsonNode? value) => value?.GetValueKind() == JsonValueKind.Number ? double.Parse(value.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture) : null;

    private static bool Is(JsonNode? value, string type) => (value?.GetValueKind() ?? JsonValueKind.Null) switch
    {
        JsonValueKind.Null => type == "null",
        JsonValueKind.True or JsonValueKind.False => type == "boolean",
        JsonValueKind.String => type == "string",
        JsonValueKind.Number => type == "number" || (type == "integer" && Number(value) is { } number && number == Math.Floor(number)),
        JsonValueKind.Array => type == "array",
        _ => type == "object",
    };
}
