using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>A family that writes each argument between tags of its own.</summary>
/// <param name="name">Its name.</param>
/// <param name="shape">The fixed texts of a call.</param>
/// <param name="tags">The tags around arguments.</param>
/// <param name="argumentSeparator">What stands after an argument, and between key and value where both have tags.</param>
/// <param name="matches">Whether a template is of this family.</param>
/// <param name="openings">What begins a call.</param>
/// <param name="surrounding">Marks around calls that tell nothing.</param>
internal sealed class TaggedToolCallFormat(
    string name, ToolCallShape shape, ArgumentTags tags, string argumentSeparator, Func<string, bool> matches, IReadOnlyList<string> openings,
    IReadOnlyList<string> surrounding) : IToolCallFormat
{
    public string Name => name;

    public IReadOnlyList<string> Openings => openings;

    public ToolCallShape Shape => shape;

    public ArgumentTags Tags => tags;

    /// <summary>What stands after the tag of a parameter's name, up to its value.</summary>
    public string AfterKey => tags.AfterKey + (tags.BeforeValue.Length > 0 ? argumentSeparator + tags.BeforeValue : "") + LineEnd;

    /// <summary>What stands after an argument.</summary>
    public string ArgumentSeparator => argumentSeparator;

    private string LineEnd => tags.TrimsLineEnds ? "\n" : "";

    public bool Matches(string templateSource) => matches(templateSource);

    public string Write(IEnumerable<FunctionCallContent> calls)
    {
        var output = new StringBuilder();
        foreach (var call in calls)
        {
            output.Append(output.Length == 0 ? shape.Open : shape.Separator).Append(shape.BeforeName).Append(call.Name).Append(shape.BeforeArguments);
            foreach (var argument in ChatTemplateMessages.Arguments(call).EnumerateObject())
            {
                var value = argument.Value.ValueKind == JsonValueKind.String ? argument.Value.GetString()! : CallText.Json(argument.Value);
                output.Append(tags.BeforeKey).Append(argument.Name).Append(AfterKey).Append(value).Append(LineEnd).Append(tags.AfterValue).Append(argumentSeparator);
            }
            output.Append(shape.AfterArguments);
        }
        return output.Append(output.Length == 0 ? "" : shape.Close).ToString();
    }

    public ToolCallParser CreateParser(ToolCallParserOptions? options = null)
    {
        options ??= new();
        var readers = surrounding.ToDictionary(m => m, _ => (Func<ICallReader>?)null);
        readers[tags.Mark] = () => new TaggedCallReader(tags, options.Schemas);
        return new MarkedCallParser(options, readers);
    }
}
