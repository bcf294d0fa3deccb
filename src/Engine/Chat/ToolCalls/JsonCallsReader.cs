namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>Reads one or more call objects, as a list or one after the other, up to a closing mark if the family has one.</summary>
/// <param name="close">The closing mark, or null.</param>
/// <param name="isBare">Whether there was no opening mark, so that an object without a name is just text.</param>
internal sealed class JsonCallsReader(string? close, bool isBare = false) : ICallReader
{
    private CallObjectProgress? _call;
    private bool _inList;
    private bool _hasCalls;

    public bool Read(TextBuffer buffer, PartSink sink, bool atEnd)
    {
        while (true)
        {
            var isOver = _call is null ? Between(buffer, sink, atEnd) : Inside(_call, buffer, sink, atEnd);
            if (isOver is { } result) return result;
        }
    }

    // Between objects. Null to go on, else what Read returns.
    private bool? Between(TextBuffer buffer, PartSink sink, bool atEnd)
    {
        if (!buffer.SkipSpace())
        {
            if (atEnd && !_hasCalls) sink.Malformed(null, "the call is empty; write the name and arguments of a tool", "");
            return atEnd;
        }
        var c = buffer.Text[0];
        if (c == '{') _call = new(sink);
        else if ((c == '[' && !_inList && !isBare) || (c == ']' && _inList))
        {
            _inList = c == '[';
            buffer.Take(1);
            if (c == ']' && close is null) return true;
        }
        else if (c is ',' or ';' && _hasCalls) buffer.Take(1);
        else if (close is not null) return UpToClose(buffer, sink, atEnd);
        else
        {
            if (!_hasCalls) sink.Malformed(null, "a JSON object was expected after the mark of a call", "");
            return true;
        }
        return null;
    }

    // Steps over the closing mark and whatever stands before it; without a call that is the malformed call.
    private bool UpToClose(TextBuffer buffer, PartSink sink, bool atEnd)
    {
        var index = buffer.Text.IndexOf(close, StringComparison.Ordinal);
        if (index < 0 && !atEnd) return false;
        var raw = buffer.Take(index < 0 ? buffer.Length : index);
        if (index >= 0) buffer.Take(close!.Length);
        if (!_hasCalls) sink.Malformed(null, "the call is no JSON object; write it as {\"name\": …, \"arguments\": {…}}", raw);
        return true;
    }

    private bool? Inside(CallObjectProgress call, TextBuffer buffer, PartSink sink, bool atEnd)
    {
        var text = buffer.Text;
        var length = 0;
        var isClosed = false;
        while (length < text.Length && !call.IsComplete)
        {
            // The closing mark outside a string: a bracket was forgotten.
            if (close is not null && text[length] == close[0] && !call.InString)
            {
                if (isClosed = text[length..].StartsWith(close, StringComparison.Ordinal)) break;
                if (!atEnd && close.AsSpan().StartsWith(text[length..], StringComparison.Ordinal)) break;
            }
            call.Read(text[length++]);
        }
        buffer.Take(length);
        call.Flush();
        if (!call.IsComplete && !isClosed && !atEnd) return false;
        End(call, sink);
        return call.IsComplete || isClosed ? (isBare && !_hasCalls ? true : null) : true;
    }

    private void End(CallObjectProgress call, PartSink sink)
    {
        _call = null;
        var raw = call.Raw;
        // In an unclosed string the mark and all after it were read as its text.
        if (!call.IsComplete && close is not null && raw.LastIndexOf(close, StringComparison.Ordinal) is >= 0 and var mark) raw = raw[..mark];
        if (isBare && !call.HasName) sink.Text(ReplyPartKind.Content, raw);
        else
        {
            _hasCalls = true;
            if (!CallText.Report(sink, raw)) sink.Malformed(null, "the call has no name; write it as {\"name\": …, \"arguments\": {…}}", raw);
        }
    }
}
