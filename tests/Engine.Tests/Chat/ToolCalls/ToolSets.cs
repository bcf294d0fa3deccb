using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Tests.Chat.ToolCalls;

/// <summary>Tools with schemas of many kinds, and sets of them.</summary>
internal static class ToolSets
{
    private const string Text = """{"type":"string","maxLength":24}""";

    /// <summary>All of them by name.</summary>
    public static IReadOnlyList<AIFunctionDeclaration> All { get; } =
    [
        Tool("now", """{"type":"object","properties":{}}"""),
        Tool("read_file", $$$"""{"type":"object","properties":{"path":{{{Text}}},"first":{"type":"integer","minimum":1,"maximum":99999},"last":{"type":"integer","minimum":-99999,"maximum":99999}},"required":["path"]}"""),
        Tool("read", $$$"""{"type":"object","properties":{"path":{"type":"string","maxLength":200}},"required":["path"]}"""),
        Tool("edit_file", $$$"""{"type":"object","properties":{"path":{{{Text}}},"old":{"type":"string","minLength":1,"maxLength":40},"new":{{{Text}}}},"required":["path","old","new"]}"""),
        Tool("search", $$$"""{"type":"object","properties":{"pattern":{{{Text}}},"globs":{"type":"array","items":{{{Text}}},"maxItems":3},"ignore_case":{"type":"boolean"}},"required":["pattern"]}"""),
        Tool("weather", $$$"""{"type":"object","properties":{"city":{{{Text}}},"unit":{"enum":["celsius","fahrenheit"]},"days":{"type":"integer","minimum":0,"maximum":14}},"required":["city","unit"]}"""),
        Tool("set_mode", """{"type":"object","properties":{"mode":{"type":"string","enum":["on","off","</parameter","a\"b\\c"]},"level":{"type":"number","minimum":-1.5,"maximum":2.5}},"required":["mode","level"],"additionalProperties":false}"""),
        Tool("schedule", """{"type":"object","properties":{"date":{"type":"string","format":"date"},"time":{"type":"string","pattern":"^([01][0-9]|2[0-3]):[0-5][0-9]$"},"who":{"type":["string","null"],"maxLength":9}},"required":["date","time"]}"""),
        Tool("move", """{"type":"object","properties":{"to":{"type":"object","properties":{"x":{"type":"number"},"y":{"type":"number"}},"required":["x","y"],"additionalProperties":false},"fast":{"type":"boolean"}},"required":["to"]}"""),
        Tool("table", """{"type":"object","properties":{"rows":{"type":"array","minItems":1,"maxItems":4,"items":{"type":"array","items":{"type":"integer","minimum":-99999,"maximum":99999},"minItems":2,"maxItems":2}}},"required":["rows"]}"""),
        Tool("either", """{"type":"object","properties":{"value":{"anyOf":[{"type":"integer","minimum":-99999,"maximum":99999},{"type":"boolean"},{"type":"array","items":{"type":"null"},"maxItems":2}]}},"required":["value"]}"""),
        Tool("labels", """{"type":"object","properties":{"labels":{"type":"object","additionalProperties":{"type":"string","maxLength":8},"maxProperties":3}},"required":["labels"]}"""),
        Tool("get-weather.v2", $$$"""{"type":"object","properties":{"q":{{{Text}}},"code":{"type":"string","pattern":"^[A-Z]{2}-[0-9]{3}$"}},"required":["code"]}"""),
        Tool("run", """{"type":"object","properties":{"command":{"type":"string","maxLength":60},"timeout_s":{"type":"integer","minimum":1,"maximum":600},"env":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string","pattern":"^[A-Z_]{1,6}$"},"value":{"type":"string","maxLength":6}},"required":["name","value"],"additionalProperties":false},"maxItems":2}},"required":["command"]}"""),
        Tool("long", """{"type":"object","properties":{"text":{"type":"string","maxLength":400},"n":{"type":"integer","multipleOf":5,"minimum":0,"maximum":1000}},"required":["text"]}"""),
        Tool("maybe", """{"type":"object","properties":{"a":{"type":"integer","minimum":-99999,"maximum":99999},"b":{"type":"integer","minimum":-99999,"maximum":99999},"c":{"type":"integer","minimum":-99999,"maximum":99999}},"minProperties":2,"maxProperties":2}"""),
    ];

    /// <summary>A set of one to five tools, the same for the same number.</summary>
    public static AIFunctionDeclaration[] Set(int number)
    {
        var random = new Random(number);
        return [.. Enumerable.Range(0, 1 + number % 5).Select(_ => All[random.Next(All.Count)]).Distinct()];
    }

    public static AIFunctionDeclaration Tool(string name, string schema) => AIFunctionFactory.CreateDeclaration(name, $"Does {name}.", JsonElement.Parse(schema));
}
