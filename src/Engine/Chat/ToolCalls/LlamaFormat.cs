namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>Llama 3.1 and 3.2: the reply is a JSON object with <c>name</c> and <c>parameters</c>, bare or after <c>&lt;|python_tag|&gt;</c>.</summary>
internal static class LlamaFormat
{
    private const string Mark = "<|python_tag|>";

    public static readonly IToolCallFormat Instance = new JsonToolCallFormat(
        "llama3", new("", "{\"name\": \"", "\", \"parameters\": ", "}", "; ", ""),
        source => source.Contains(Mark, StringComparison.Ordinal)
            || (source.Contains("<|start_header_id|>", StringComparison.Ordinal) && source.Contains("\"parameters\"", StringComparison.Ordinal)),
        [Mark, MarkedCallParser.BareOpening],
        options => new MarkedCallParser(
            options,
            new Dictionary<string, Func<ICallReader>?> { [Mark] = () => new PythonTagReader() },
            () => new JsonCallsReader(close: null, isBare: true)));
}
