namespace AgentRuntime.Engine.Chat.ToolCalls;

/// <summary>
/// Takes a reply apart while it is being generated: text, reasoning and tool calls. A call is reported the moment it is
/// complete. For one reply and one thread.
/// </summary>
public abstract class ToolCallParser
{
    private bool _isFinished;

    private protected ToolCallParser(ToolCallParserOptions options)
    {
        Options = options;
        Sink = new(options);
    }

    private protected ToolCallParserOptions Options { get; }

    private protected PartSink Sink { get; }

    // What was pushed and is not decided yet.
    private protected TextBuffer Buffer { get; } = new();

    /// <summary>Takes the next piece of the reply.</summary>
    /// <param name="text">Decoded text with control tokens written out by name, for they mark calls in some families; without the token that ended the reply.</param>
    /// <returns>What became certain with it.</returns>
    public IReadOnlyList<ReplyPart> Push(string text)
    {
        ObjectDisposedException.ThrowIf(_isFinished, this);
        Buffer.Add(text);
        Parse(atEnd: false);
        return Sink.Take();
    }

    /// <summary>Ends the reply: what was held back comes out, a call that is not complete is repaired or reported as malformed.</summary>
    /// <param name="cutOff">Why the reply ends though it is not over; then a call that is not complete is malformed for this reason. Null when it is over.</param>
    public IReadOnlyList<ReplyPart> Finish(string? cutOff = null)
    {
        if (_isFinished) return [];
        _isFinished = true;
        Parse(atEnd: true);
        Sink.Finish();
        var parts = Sink.Take();
        return cutOff is null ? parts : [.. parts.Select(part => part.Call is null ? part : CutOff(part, cutOff))];
    }

    private static ReplyPart CutOff(ReplyPart part, string reason) =>
        part with { Kind = ReplyPartKind.CallMalformed, Call = new(part.Call!.CallId, part.Call.Name) { Exception = new ToolCallFormatException(reason, "") } };

    private protected abstract void Parse(bool atEnd);
}
