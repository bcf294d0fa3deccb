using System.Text;
using System.Text.Json;

namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>Reads a call whose arguments each stand between tags of their own, without JSON around them.</summary>
/// <param name="tags">The family's tags.</param>
/// <param name="schemas">Which parameters are texts, so that <c>12</c> becomes the text or the number.</param>
internal sealed class TaggedCallReader(ArgumentTags tags, ToolSchemas? schemas) : ICallReader
{
    private readonly StringBuilder _json = new("{");
    private string? _name;
    private string? _problem;

    public bool Read(TextBuffer buffer, PartSink sink, bool atEnd)
    {
        if (_name is null)
        {
            if (!TryReadName(buffer, atEnd)) return false;
            if (string.IsNullOrEmpty(_name)) _problem = $"the call has no name; write it directly after {tags.Mark}";
            else sink.Started(_name);
        }
        while (_problem is null)
        {
            buffer.SkipSpace();
            if (buffer.Find([tags.Close]) is (0, _)) return End(buffer, sink);
            if (!TryReadArgument(buffer, sink, atEnd) && _problem is null) return atEnd ? End(buffer, sink) : false;
        }
        return SkipBroken(buffer, sink, atEnd);
    }

    // A call that cannot be read reaches to its end mark.
    private bool SkipBroken(TextBuffer buffer, PartSink sink, bool atEnd)
    {
        var close = buffer.Find([tags.Close]);
        if (close is null && !atEnd) return false;
        var raw = buffer.Take(close is var (index, mark) ? index + mark.Length : buffer.Length);
        sink.Malformed(string.IsNullOrEmpty(_name) ? null : _name, _problem!, raw);
        return true;
    }

    // The name follows the mark that is already taken.
    private bool TryReadName(TextBuffer buffer, bool atEnd)
    {
        buffer.SkipSpace();
        var end = buffer.Text.IndexOfAny(tags.AfterName, '<');
        if (end < 0 && !atEnd) return false;
        var length = end < 0 ? buffer.Length : end;
        var isTerminated = end >= 0 && buffer.Text[end] == tags.AfterName;
        _name = buffer.Take(length).Trim();
        if (isTerminated) buffer.Take(1);
        return true;
    }

    // Reads one argument; false when it is not complete yet.
    private bool TryReadArgument(TextBuffer buffer, PartSink sink, bool atEnd)
    {
        var text = buffer.Text;
        if (!text.StartsWith(tags.BeforeKey, StringComparison.Ordinal))
        {
            // Something that is neither an argument nor the end, once that is certain.
            if (!atEnd && (tags.BeforeKey.AsSpan().StartsWith(text, StringComparison.Ordinal) || tags.Close.AsSpan().StartsWith(text, StringComparison.Ordinal))) return false;
            if (text.Length == 0) return false;
            _problem = $"in the call of {_name}, {tags.BeforeKey} or {tags.Close} was expected";
            return false;
        }
        var key = text[tags.BeforeKey.Length..];
        var keyLength = key.IndexOf(tags.AfterKey, StringComparison.Ordinal);
        if (keyLength < 0) return false;
        var value = key[(keyLength + tags.AfterKey.Length)..];
        var separator = tags.BeforeValue.Length == 0 ? 0 : value.IndexOf(tags.BeforeValue, StringComparison.Ordinal);
        if (separator < 0) return false;
        value = value[(separator + tags.BeforeValue.Length)..];
        var end = ValueEnd(value, JsonLength(key[..keyLength].Trim().ToString(), value, atEnd), atEnd);
        if (end < 0) return false;
        var taken = text.Length - value.Length + end + tags.AfterValue.Length;
        Add(sink, key[..keyLength].Trim().ToString(), value[..end].ToString());
        buffer.Take(Math.Min(taken, buffer.Length));
        return true;
    }

    // How much of a value that is JSON must be read before its closing tag can come: texts in it may hold that too.
    private int JsonLength(string key, ReadOnlySpan<char> value, bool atEnd)
    {
        if (schemas?.IsText(_name!, key) is not false || value.TrimStart() is not ['{' or '[' or '"', ..]) return 0;
        var json = new JsonProgress();
        for (var i = 0; i < value.Length; i++)
        {
            json.Read(value[i]);
            if (json.IsComplete) return i + 1;
        }
        return atEnd ? 0 : value.Length;
    }

    // A value may itself hold the closing tag: it ends where the next argument or the end of the call follows.
    private int ValueEnd(ReadOnlySpan<char> value, int start, bool atEnd)
    {
        for (var from = start; value[from..].IndexOf(tags.AfterValue, StringComparison.Ordinal) is >= 0 and var found; from += found + 1)
        {
            var rest = value[(from + found + tags.AfterValue.Length)..].TrimStart();
            if (rest.StartsWith(tags.BeforeKey, StringComparison.Ordinal) || rest.StartsWith(tags.Close, StringComparison.Ordinal)) return from + found;
            if (atEnd ? rest.Length == 0 : tags.BeforeKey.AsSpan().StartsWith(rest, StringComparison.Ordinal) || tags.Close.AsSpan().StartsWith(rest, StringComparison.Ordinal))
                return atEnd ? from + found : -1;
        }
        return -1;
    }

    private void Add(PartSink sink, string key, string value)
    {
        if (tags.TrimsLineEnds)
        {
            if (value.StartsWith('\n')) value = value[1..];
            if (value.EndsWith('\n')) value = value[..^1];
        }
        var json = JsonSerializer.Serialize(value);
        if (schemas?.IsText(_name!, key) is false && LenientJson.TryParse(value, out var parsed, out _)) json = parsed.GetRawText();
        var piece = $"{(_json.Length > 1 ? ", " : "")}{JsonSerializer.Serialize(key)}: {json}";
        sink.Arguments((_json.Length > 1 ? "" : "{") + piece);
        _json.Append(piece);
    }

    private bool End(TextBuffer buffer, PartSink sink)
    {
        var isClosed = buffer.Find([tags.Close]) is (0, _);
        var rest = isClosed ? "" : buffer.Take(buffer.Length);
        if (isClosed) buffer.Take(tags.Close.Length);
        if (rest.Length > 0) sink.Malformed(_name, $"the call of {_name} is not complete; end each argument and the call with its tag", rest);
        else
        {
            sink.Arguments(_json.Length > 1 ? "}" : "{}");
            CallText.Report(sink, _name!, _json.Append('}').ToString());
        }
        return true;
    }
}
