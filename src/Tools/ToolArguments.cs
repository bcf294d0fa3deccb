using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Tools;

/// <summary>
/// The arguments of one call, checked against the tool's parameters. Values arrive as JSON elements from a model, or as
/// plain .NET values from a program.
/// </summary>
internal sealed class ToolArguments
{
    private readonly string _tool;
    private readonly AIFunctionArguments _values;

    /// <exception cref="ToolFailure">An argument is none of the tool's parameters, or a required one is missing.</exception>
    public ToolArguments(string tool, IReadOnlyList<ToolParameter> parameters, AIFunctionArguments values)
    {
        (_tool, _values) = (tool, values);
        var known = string.Join(", ", parameters.Select(p => p.Name));
        foreach (var name in values.Keys)
            if (!parameters.Any(p => p.Name == name))
                throw Invalid($"{tool} has no parameter '{name}'; it takes {known}");
        foreach (var parameter in parameters)
            if (parameter.Required && Find(parameter.Name) is null)
                throw Invalid($"{tool} needs '{parameter.Name}'; it takes {known}");
    }

    public string String(string name) => OptionalString(name) ?? throw Invalid($"{_tool} needs '{name}'");

    public string? OptionalString(string name) => Find(name) switch
    {
        null => null,
        string text => text,
        _ => throw Invalid($"'{name}' of {_tool} must be a string"),
    };

    /// <summary>An integer, or null where it is absent. Models often quote numbers, so digits in a string are taken too.</summary>
    public int? OptionalInteger(string name)
    {
        switch (Find(name))
        {
            case null: return null;
            case int number: return number;
            case long number when number is >= int.MinValue and <= int.MaxValue: return (int)number;
            case double number when number == Math.Truncate(number) && Math.Abs(number) <= int.MaxValue: return (int)number;
            case string text when int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number):
                return number;
            default: throw Invalid($"'{name}' of {_tool} must be a whole number");
        }
    }

    /// <summary>The service that the caller passed along for this call, for instance where to report progress.</summary>
    public T? Service<T>() where T : class =>
        _values.Context is { } context && context.TryGetValue(typeof(T), out var value) ? value as T : null;

    private object? Find(string name) => _values.TryGetValue(name, out var value) ? Plain(value) : null;

    private static object? Plain(object? value) => value switch
    {
        JsonElement { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => null,
        JsonElement { ValueKind: JsonValueKind.String } element => element.GetString(),
        JsonElement { ValueKind: JsonValueKind.Number } element => element.GetDouble(),
        JsonNode node => Plain(JsonSerializer.SerializeToElement(node)),
        _ => value,
    };

    private static ToolFailure Invalid(string message) => new(ToolErrorKind.InvalidArguments, message);
}
