using System.Text;

namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>Reads a call whose name stands before its JSON arguments, outside them.</summary>
/// <param name="close">The mark after the arguments, or null if there is none.</param>
/// <param name="readHeader">Makes the name of the text before the arguments' first bracket; null when it is no call.</param>
/// <param name="openings">Marks that begin another call: found before the arguments, they show that there are none.</param>
internal sealed class HeadedCallReader(string? close, Func<string, string?> readHeader, params string[] openings) : ICallReader
{
    private readonly JsonProgress _json = new();
    private readonly StringBuilder _arguments = new();
    private string? _name;
    private bool _isReported;

    public bool Read(TextBuffer buffer, PartSink sink, bool atEnd)
    {
        if (_name is null)
        {
            var header = Header(buffer, atEnd);
            if (header is null) return false;
            _name = readHeader(header);
            if (_name is null)
            {
                sink.Malformed(null, "the call has no name", header);
                return true;
            }
            sink.Started(CallText.PlainName(_name));
        }
        if (!_isReported && !Arguments(buffer, sink, atEnd)) return false;
        return close is null || Close(buffer, atEnd);
    }

    // The text before the arguments, once it is certain where they begin or that there are none.
    private string? Header(TextBuffer buffer, bool atEnd)
    {
        var brace = buffer.Text.IndexOf('{');
        var mark = buffer.Find(close is null ? openings : [close, .. openings])?.Index ?? -1;
        if (brace >= 0 && (mark < 0 || brace < mark)) return buffer.Take(brace);
        return mark >= 0 ? buffer.Take(mark) : atEnd ? buffer.Take(buffer.Length) : null;
    }

    private bool Arguments(TextBuffer buffer, PartSink sink, bool atEnd)
    {
        var text = buffer.Text;
        var length = 0;
        var isOver = text.Length > 0 && text[0] != '{' && _arguments.Length == 0;
        while (!isOver && length < text.Length && !_json.IsComplete)
        {
            if (close is not null && text[length] == close[0] && !_json.InString)
            {
                if (isOver = text[length..].StartsWith(close, StringComparison.Ordinal)) break;
                if (!atEnd && close.AsSpan().StartsWith(text[length..], StringComparison.Ordinal)) break;
            }
            _json.Read(text[length++]);
        }
        var piece = buffer.Take(length);
        _arguments.Append(piece);
        sink.Arguments(piece);
        if (!_json.IsComplete && !isOver && !atEnd) return false;
        CallText.Report(sink, _name!, _arguments.ToString());
        return _isReported = true;
    }

    private bool Close(TextBuffer buffer, bool atEnd)
    {
        var index = buffer.Text.IndexOf(close, StringComparison.Ordinal);
        if (index < 0 && !atEnd) return false;
        buffer.Take(index < 0 ? buffer.Length : index + close!.Length);
        return true;
    }
}
