namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>Granite 3: <c>&lt;|tool_call|&gt;</c> and a JSON list of calls.</summary>
internal static class GraniteFormat
{
    private const string Mark = "<|tool_call|>";
    private const string OlderMark = "<tool_call>";

    public static readonly IToolCallFormat Instance = new JsonToolCallFormat(
        "granite", new(Mark + "[", "{\"name\": \"", "\", \"arguments\": ", "}", ", ", "]") { LooseOpenings = [OlderMark] },
        source => source.Contains(Mark, StringComparison.Ordinal), [Mark],
        options => new MarkedCallParser(options, new Dictionary<string, Func<ICallReader>?>
        {
            [Mark] = () => new JsonCallsReader(close: null),
            [OlderMark] = () => new JsonCallsReader(close: null),
            ["</tool_call>"] = null,
        }));
}
