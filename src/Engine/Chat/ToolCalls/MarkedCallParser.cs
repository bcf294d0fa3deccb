namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>Free text with a reasoning section, until a mark begins a call; the family's reader takes it from there.</summary>
/// <param name="options">What to know about the reply.</param>
/// <param name="readers">By mark, what makes a reader; null for marks that only surround calls.</param>
/// <param name="bareReader">For families that may begin a reply with a call object and no mark.</param>
internal sealed class MarkedCallParser(
    ToolCallParserOptions options, IReadOnlyDictionary<string, Func<ICallReader>?> readers, Func<ICallReader>? bareReader = null)
    : ToolCallParser(options)
{
    public const string ThinkStart = "<think>";
    public const string ThinkEnd = "</think>";

    /// <summary>Begins a call object without a mark.</summary>
    public const string BareOpening = "{\"name\"";

    private readonly string[] _marks = [.. readers.Keys, ThinkStart];
    private ICallReader? _reader;
    private bool _inReasoning = options.StartsInReasoning;

    private protected override void Parse(bool atEnd)
    {
        while (true)
        {
            if (_reader is not null)
            {
                if (!_reader.Read(Buffer, Sink, atEnd)) return;
                _reader = null;
            }
            else if (_inReasoning)
            {
                if (!TextUntil(ReplyPartKind.Reasoning, [ThinkEnd], atEnd, out _)) return;
                _inReasoning = false;
            }
            else if (bareReader is not null && !Sink.HasContent && Sink.Calls == 0 && StartsBare(atEnd) is not false and var starts)
            {
                if (starts is null) return;
                _reader = bareReader();
            }
            else
            {
                if (!TextUntil(ReplyPartKind.Content, _marks, atEnd, out var mark)) return;
                if (mark != ThinkStart) _reader = readers[mark]?.Invoke();
                else if (Sink.HasContent) Sink.Text(ReplyPartKind.Content, mark);
                else _inReasoning = true;
            }
        }
    }

    // Whether the reply begins with a call object; null while that is not decided.
    private bool? StartsBare(bool atEnd)
    {
        var opening = Options.IsHeld ? BareOpening : BareOpening[..1];
        var text = Buffer.Text.TrimStart();
        if (text.StartsWith(opening, StringComparison.Ordinal)) return true;
        return !atEnd && text.Length > 0 && opening.StartsWith(text, StringComparison.Ordinal) ? null : false;
    }

    // Passes on text up to a mark, which is taken too; without a mark, as much as cannot be the beginning of one.
    private bool TextUntil(ReplyPartKind section, string[] marks, bool atEnd, out string mark)
    {
        var found = Buffer.Find(marks);
        mark = found?.Mark ?? "";
        var length = found?.Index ?? Buffer.Length - (atEnd ? 0 : Buffer.UndecidedTail(marks));
        if (length > 0) Sink.Text(section, Buffer.Take(length));
        if (found is null) return false;
        Buffer.Take(mark.Length);
        return true;
    }
}
