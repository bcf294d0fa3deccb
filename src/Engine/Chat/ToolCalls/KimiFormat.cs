namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>Kimi K2: <c>functions.name:0</c> and the arguments between marks.</summary>
internal static class KimiFormat
{
    private const string SectionBegin = "<|tool_calls_section_begin|>";
    private const string SectionEnd = "<|tool_calls_section_end|>";
    private const string Begin = "<|tool_call_begin|>";
    private const string Arguments = "<|tool_call_argument_begin|>";
    private const string End = "<|tool_call_end|>";

    public static readonly IToolCallFormat Instance = new JsonToolCallFormat(
        "kimi", new(SectionBegin, Begin + "functions.", ":0" + Arguments, End, "", SectionEnd) { LooseOpenings = [Begin] },
        source => source.Contains(Begin, StringComparison.Ordinal), [SectionBegin],
        options => new MarkedCallParser(options, new Dictionary<string, Func<ICallReader>?>
        {
            [SectionBegin] = null,
            [SectionEnd] = null,
            [Begin] = () => new HeadedCallReader(End, ReadHeader, Begin),
        }));

    private static string? ReadHeader(string header)
    {
        var name = header.Split(Arguments)[0].Trim().Split(':')[0];
        return name.Length > 0 ? name : null;
    }
}
