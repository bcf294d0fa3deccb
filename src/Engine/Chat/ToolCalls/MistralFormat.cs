namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>Mistral: <c>[TOOL_CALLS]</c> and then a JSON list of calls, or in newer models each call's name and <c>[ARGS]</c>.</summary>
internal static class MistralFormat
{
    private const string Mark = "[TOOL_CALLS]";
    private const string ArgumentsMark = "[ARGS]";

    public static readonly IToolCallFormat Named = new JsonToolCallFormat(
        "mistral", new("", Mark, ArgumentsMark, "", "", ""),
        source => source.Contains(Mark, StringComparison.Ordinal) && source.Contains(ArgumentsMark, StringComparison.Ordinal), [Mark], CreateParser);

    public static readonly IToolCallFormat List = new JsonToolCallFormat(
        "mistral-list", new(Mark + "[", "{\"name\": \"", "\", \"arguments\": ", "}", ", ", "]"),
        source => source.Contains(Mark, StringComparison.Ordinal), [Mark], CreateParser);

    private static MarkedCallParser CreateParser(ToolCallParserOptions options) =>
        new(options, new Dictionary<string, Func<ICallReader>?> { [Mark] = () => new EitherReader() });

    // The name ends at [CALL_ID] or [ARGS], or where the arguments begin.
    private static string? ReadHeader(string header)
    {
        var end = header.IndexOf('[', StringComparison.Ordinal);
        var name = (end < 0 ? header : header[..end]).Trim();
        return name.Length > 0 ? name : null;
    }

    /// <summary>Looks at the first character: a bracket begins a list, anything else a name.</summary>
    private sealed class EitherReader : ICallReader
    {
        private ICallReader? _reader;

        public bool Read(TextBuffer buffer, PartSink sink, bool atEnd)
        {
            if (_reader is null)
            {
                if (!buffer.SkipSpace() && !atEnd) return false;
                _reader = buffer.Length == 0 || buffer.Text[0] is '[' or '{' ? new JsonCallsReader(close: null) : new HeadedCallReader(null, ReadHeader, Mark);
            }
            return _reader.Read(buffer, sink, atEnd);
        }
    }
}
