using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentRuntime.AgentHost.Workflows.Expressions;
using AgentRuntime.AgentHost.Workflows.Model;

namespace AgentRuntime.AgentHost.Workflows.Validation;

/// <summary>Checks what a workflow is given.</summary>
public static class InputValues
{
    /// <summary>Inputs as they come from a command line: text, which an input's type gives a meaning.</summary>
    /// <param name="workflow">Whose inputs they are.</param>
    /// <param name="given">Names and texts; lists and maps as JSON.</param>
    /// <param name="problems">Receives what is wrong: unknown and missing inputs, texts that are not of the type.</param>
    /// <param name="complete">Whether an input that is missing is a problem.</param>
    /// <returns>A value for each input; sound when there are no problems.</returns>
    public static JsonObject Parse(Workflow workflow, IEnumerable<KeyValuePair<string, string>> given, ProblemList problems, bool complete = true)
    {
        var values = new JsonObject();
        foreach (var (name, text) in given)
        {
            if (values.ContainsKey(name)) problems.Add(Mark.Start, $"the input '{name}' is given twice; give it once");
            else if (workflow.Inputs.FirstOrDefault(i => i.Name == name) is not { } input) values.Add(name, text);
            else if (Parse(input.Type, text, out var value)) values.Add(name, value);
            else values.Add(name, text);
        }
        return Bind(workflow, values, problems, complete);
    }

    /// <summary>Inputs as values: checks them and adds the defaults.</summary>
    /// <param name="workflow">Whose inputs they are.</param>
    /// <param name="given">Names and values; null is as if it were not given.</param>
    /// <param name="problems">Receives what is wrong.</param>
    /// <param name="complete">Whether an input that is missing is a problem.</param>
    /// <returns>A value for each input; sound when there are no problems.</returns>
    public static JsonObject Bind(Workflow workflow, JsonObject given, ProblemList problems, bool complete = true)
    {
        var names = workflow.Inputs.Select(i => i.Name).ToList();
        foreach (var (name, _) in given.Where(g => !names.Contains(g.Key)))
            problems.Add(Mark.Start, $"there is no input '{name}'; expected {(names.Count == 0 ? "none" : "one of " + string.Join(", ", names))}{Suggestion.For(name, names)}");
        var values = new JsonObject();
        foreach (var input in workflow.Inputs)
        {
            var value = given[input.Name];
            if (value is not null) Check(input, value, input.Mark, $"the input '{input.Name}'", problems);
            else if (input.Required && complete) problems.Add(input.Mark, $"the input '{input.Name}' is missing; give {Noun(input.Type)} with --input {input.Name}=…");
            values.Add(input.Name, (value ?? input.Default)?.DeepClone());
        }
        return values;
    }

    /// <summary>Checks the defaults and options that inputs declare.</summary>
    internal static void CheckDeclarations(Workflow workflow, ProblemList problems)
    {
        foreach (var input in workflow.Inputs)
        {
            foreach (var option in input.Options)
            {
                if (!Fits(input.Type, option)) problems.Add(input.OptionsMark, $"the option {JsonValues.Json(option)} of the input '{input.Name}' is not of its type; expected {Noun(input.Type)}");
            }
            if (input.Default is not null) Check(input, input.Default, input.DefaultMark, $"the default of the input '{input.Name}'", problems);
        }
    }

    /// <summary>The JSON schema of a workflow's inputs: its arguments when it is called.</summary>
    internal static JsonObject Schema(Workflow workflow) => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject(workflow.Inputs.Select(i =>
        {
            var schema = new JsonObject { ["type"] = i.Type switch { InputType.List => "array", var type => type.ToString().ToLowerInvariant() } };
            if (i.Options.Count > 0) schema["enum"] = new JsonArray([.. i.Options.Select(o => o?.DeepClone())]);
            if (i.Description is not null) schema["description"] = i.Description;
            return KeyValuePair.Create(i.Name, (JsonNode?)schema);
        })),
        ["required"] = new JsonArray([.. workflow.Inputs.Where(i => i.Required).Select(i => (JsonNode)i.Name)]),
        ["additionalProperties"] = false,
    };

    private static void Check(WorkflowInput input, JsonNode value, Mark mark, string what, ProblemList problems)
    {
        var shown = JsonValues.Json(value) is { Length: <= 60 } json ? json : ExpressionType.Of(value).ToString();
        if (!Fits(input.Type, value))
            problems.Add(mark, $"{what} is {shown}; expected {Noun(input.Type)}");
        else if (input.Options.Count > 0 && !input.Options.Any(o => JsonValues.AreEqual(o, value)))
            problems.Add(mark, $"{what} is {shown}; expected one of {string.Join(", ", input.Options.Select(o => JsonValues.Text(o)))}{Suggestion.For(JsonValues.Text(value)!, input.Options.Select(o => JsonValues.Text(o)!))}");
    }

    private static bool Parse(InputType type, string text, out JsonNode? value)
    {
        value = type switch
        {
            InputType.String => JsonValue.Create(text),
            InputType.Integer when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => whole,
            InputType.Number when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => JsonValues.FromNumber(number),
            InputType.Boolean when bool.TryParse(text, out var truth) => truth,
            InputType.List or InputType.Object when JsonValues.TryParse(text, out var json) => json,
            _ => null,
        };
        return value is not null;
    }

    private static bool Fits(InputType type, JsonNode? value) => (type, JsonValues.Kind(value)) switch
    {
        (InputType.String, JsonValueKind.String) => true,
        (InputType.Integer, JsonValueKind.Number) => JsonValues.Number(value) is { } number && number == Math.Floor(number),
        (InputType.Number, JsonValueKind.Number) => true,
        (InputType.Boolean, JsonValueKind.True or JsonValueKind.False) => true,
        (InputType.List, JsonValueKind.Array) => true,
        (InputType.Object, JsonValueKind.Object) => true,
        _ => false,
    };

    private static string Noun(InputType type) => type switch
    {
        InputType.String => "text",
        InputType.Integer => "a whole number",
        InputType.Number => "a number",
        InputType.Boolean => "true or false",
        InputType.List => "a list, as JSON such as [\"a\", \"b\"]",
        _ => "a map, as JSON such as {\"a\": 1}",
    };
}
