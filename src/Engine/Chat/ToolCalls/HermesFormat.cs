namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>Hermes, Qwen2.5, Qwen3 and tiny-coder: a JSON object between <c>&lt;tool_call&gt;</c> tags.</summary>
internal static class HermesFormat
{
    public const string Open = "<tool_call>";
    public const string Close = "</tool_call>";

    public static readonly ToolCallShape Shape = new("", Open + "\n{\"name\": \"", "\", \"arguments\": ", "}\n" + Close, "\n", "");

    public static readonly IToolCallFormat Instance = new JsonToolCallFormat(
        "hermes", Shape, source => source.Contains(Open, StringComparison.Ordinal), [Open],
        options => new MarkedCallParser(options, new Dictionary<string, Func<ICallReader>?> { [Open] = () => new JsonCallsReader(Close) }));
}
