using Microsoft.Extensions.AI;

namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>A family that writes arguments as JSON: all of it follows from the shape and the marks.</summary>
internal sealed class JsonToolCallFormat(
    string name, ToolCallShape shape, Func<string, bool> matches, IReadOnlyList<string> openings, Func<ToolCallParserOptions, ToolCallParser> createParser)
    : IToolCallFormat
{
    public string Name => name;

    public IReadOnlyList<string> Openings => openings;

    public ToolCallShape Shape => shape;

    public bool Matches(string templateSource) => matches(templateSource);

    public string Write(IEnumerable<FunctionCallContent> calls) => CallText.Write(shape, calls);

    public ToolCallParser CreateParser(ToolCallParserOptions? options = null) => createParser(options ?? new());
}
