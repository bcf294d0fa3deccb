namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>DeepSeek: calls between marks of their own; V3 and R1 with a type, a name and a fenced JSON block, V3.1 with the name alone.</summary>
internal static class DeepSeekFormat
{
    private const string CallsBegin = "<｜tool▁calls▁begin｜>";
    private const string CallsEnd = "<｜tool▁calls▁end｜>";
    private const string Begin = "<｜tool▁call▁begin｜>";
    private const string Separator = "<｜tool▁sep｜>";
    private const string End = "<｜tool▁call▁end｜>";

    public static readonly IToolCallFormat V3 = new JsonToolCallFormat(
        "deepseek", new(CallsBegin, Begin + "function" + Separator, "\n```json\n", "\n```" + End, "\n", CallsEnd) { LooseOpenings = [Begin] },
        source => source.Contains(Begin, StringComparison.Ordinal) && source.Contains("```json", StringComparison.Ordinal), [CallsBegin], CreateParser);

    public static readonly IToolCallFormat V31 = new JsonToolCallFormat(
        "deepseek-3.1", new(CallsBegin, Begin, Separator, End, "", CallsEnd) { LooseOpenings = [Begin] },
        source => source.Contains(Begin, StringComparison.Ordinal), [CallsBegin], CreateParser);

    private static MarkedCallParser CreateParser(ToolCallParserOptions options) => new(options, new Dictionary<string, Func<ICallReader>?>
    {
        [CallsBegin] = null,
        [CallsEnd] = null,
        [Begin] = () => new HeadedCallReader(End, ReadHeader, Begin),
    });

    // "function<sep>name\n```json\n" or "name<sep>".
    private static string? ReadHeader(string header)
    {
        var parts = header.Split(Separator);
        var name = parts.Length > 1 && parts[1].AsSpan().Trim().Length > 0 ? parts[1].Trim().Split('\n')[0] : parts[0];
        return name.Trim() is { Length: > 0 } found ? found : null;
    }
}
