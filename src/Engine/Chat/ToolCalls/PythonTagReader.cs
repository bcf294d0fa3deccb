using System.Text.Json;
using System.Text.RegularExpressions;

namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>Reads what follows Llama's <c>&lt;|python_tag|&gt;</c>: a call object, or <c>name.call(key="value")</c> for built-in tools.</summary>
internal sealed partial class PythonTagReader : ICallReader
{
    private readonly JsonCallsReader _json = new(close: null);
    private bool _isJson;

    public bool Read(TextBuffer buffer, PartSink sink, bool atEnd)
    {
        if (!_isJson)
        {
            if (!buffer.SkipSpace() && !atEnd) return false;
            _isJson = buffer.Length == 0 || buffer.Text[0] is '{' or '[';
        }
        if (_isJson) return _json.Read(buffer, sink, atEnd);
        if (!atEnd) return false;
        var text = buffer.Take(buffer.Length).Trim();
        var call = Call().Match(text);
        if (call.Success)
        {
            var arguments = Argument().Matches(call.Groups[2].Value).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);
            CallText.Report(sink, call.Groups[1].Value, JsonSerializer.Serialize(arguments));
        }
        else sink.Malformed(null, "only calls of the offered tools can follow <|python_tag|>, written as {\"name\": …, \"parameters\": {…}}", text);
        return true;
    }

    [GeneratedRegex(@"^([\w.]+)\.call\((.*)\)$", RegexOptions.Singleline)]
    private static partial Regex Call();

    [GeneratedRegex("(\\w+)\\s*=\\s*\"([^\"]*)\"")]
    private static partial Regex Argument();
}
