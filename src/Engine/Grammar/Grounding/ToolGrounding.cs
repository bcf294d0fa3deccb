using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Grammar.Grounding;

/// <summary>Where the values of the parameters of some tools come from. Immutable and safe for concurrent use.</summary>
public sealed class ToolGrounding
{
    /// <summary>
    /// Key of a tool's <see cref="AITool.AdditionalProperties"/> for a dictionary from names of its parameters to their
    /// <see cref="ValueSource"/>. Functions made of a method can use <see cref="GroundedInAttribute"/> instead.
    /// </summary>
    public const string PropertyName = "grounded_in";

    private static readonly Dictionary<string, ValueSource> NoSources = [];

    private readonly Dictionary<(string Tool, string Parameter), ValueSource> _sources;

    private ToolGrounding(Dictionary<(string, string), ValueSource> sources) => _sources = sources;

    /// <summary>Collects what tools declare.</summary>
    /// <param name="tools">The tools on offer.</param>
    /// <param name="except">Names of tools whose arguments are not to be held to anything but their schema.</param>
    /// <returns>Null when no tool declares anything.</returns>
    /// <exception cref="GrammarException">A declaration names no parameter, or one that takes no text.</exception>
    public static ToolGrounding? Of(IEnumerable<AITool> tools, IReadOnlySet<string>? except = null)
    {
        Dictionary<(string, string), ValueSource> sources = [];
        foreach (var tool in tools.OfType<AIFunctionDeclaration>().Where(tool => except?.Contains(tool.Name) != true))
        {
            foreach (var (parameter, source) in Declared(tool))
            {
                if (!TakesText(tool.JsonSchema, parameter))
                    throw new GrammarException($"The tool {tool.Name} says where the values of '{parameter}' come from, but that is no parameter that takes a text; correct its name or type.");
                if (source.Needs.FirstOrDefault(name => !Names(tool.JsonSchema).Contains(name) || name == parameter) is { } unknown)
                    throw new GrammarException($"The tool {tool.Name} says that '{parameter}' depends on '{unknown}', but that is none of its other parameters; correct the name.");
                sources[(tool.Name, parameter)] = source;
            }
        }
        return sources.Count == 0 ? null : new(sources);
    }

    /// <summary>The grounded parameters.</summary>
    internal IEnumerable<(string Tool, string Parameter)> Parameters => _sources.Keys;

    /// <summary>The parameters that must be written before one.</summary>
    internal IReadOnlyList<string> Needs(string tool, string parameter) => _sources.TryGetValue((tool, parameter), out var source) ? source.Needs : [];

    internal bool Holds(string tool, string parameter) => _sources.ContainsKey((tool, parameter));

    /// <summary>What an argument may be now. A source that fails allows nothing, and its message goes to the model.</summary>
    internal ValueDomain? Ask(string tool, string parameter, CallInProgress call)
    {
        try
        {
            return _sources[(tool, parameter)].Values(call);
        }
        catch (Exception e)
        {
            // The source is the user's and may throw anything; the model is the one that can do something about it.
            return ValueDomain.Nothing(e.Message.ReplaceLineEndings(" ").TrimEnd('.', ' '));
        }
    }

    private static IEnumerable<KeyValuePair<string, ValueSource>> Declared(AIFunctionDeclaration tool)
    {
        var declared = tool.AdditionalProperties.TryGetValue(PropertyName, out var value) && value is IReadOnlyDictionary<string, ValueSource> sources ? sources : NoSources;
        var attributed = from parameter in (tool as AIFunction)?.UnderlyingMethod?.GetParameters() ?? []
                         let attribute = parameter.GetCustomAttribute<GroundedInAttribute>()
                         where attribute is not null
                         select KeyValuePair.Create(parameter.Name!, attribute.CreateSource($"The parameter '{parameter.Name}' of the tool {tool.Name}"));
        return attributed.Concat(declared);
    }

    private static IEnumerable<string> Names(JsonElement schema) => Properties(schema).Select(property => property.Name);

    private static JsonElement.ObjectEnumerator Properties(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object
            ? properties.EnumerateObject()
            : default;

    private static bool TakesText(JsonElement schema, string parameter) =>
        Properties(schema).FirstOrDefault(property => property.Name == parameter).Value is { ValueKind: JsonValueKind.Object } property
        && property.TryGetProperty("type", out var type)
        && (type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Any(IsString) : IsString(type));

    private static bool IsString(JsonElement type) => type.ValueKind == JsonValueKind.String && type.ValueEquals("string");
}
