namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>
/// A text that is written as it is, up to a closing tag and what stands after that. What the text may be is said by the
/// automaton of its JSON string, which gets to see the escapes. The text cannot hold the tag.
/// </summary>
internal sealed class TaggedTextAutomaton : ByteAutomaton
{
    private const int Dead = -1;

    private readonly ByteAutomaton _quoted;
    private readonly TaggedTextEnd _end;
    private readonly List<State> _states = [];
    private readonly Dictionary<State, int> _ids = [];

    /// <param name="quoted">The JSON string, in canonical spelling.</param>
    /// <param name="end">How it ends.</param>
    public TaggedTextAutomaton(ByteAutomaton quoted, TaggedTextEnd end)
    {
        (_quoted, _end) = (quoted, end);
        var text = quoted.Step(quoted.Start, (byte)'"');
        Start = Intern(new(text, 0, EndsAfterBreak: false, EndsAtTag: false, Tail: -1));
    }

    public override int Start { get; }

    /// <summary>How it ends.</summary>
    public TaggedTextEnd End => _end;

    /// <summary>Whether any text fits.</summary>
    public bool IsPossible => _states[Start].Text >= 0;

    public override int Step(int state, byte value)
    {
        var (text, mark, endsAfterBreak, endsAtTag, tail) = _states[state];
        if (tail >= 0) return tail < _end.Tail.Length && _end.Tail[tail] == value ? Intern(new(Dead, 0, false, false, tail + 1)) : -1;
        var mayEnd = MayEnd(text);
        var nextMark = _end.Tags.Step(mark, value);
        if (_end.Tags.Depth(nextMark) <= 1) endsAtTag = value == _end.First && (_end.OnOwnLine ? endsAfterBreak : mayEnd);
        if (_end.Tags.Found(nextMark) is var found and >= 0) return found == 0 && endsAtTag ? Intern(new(Dead, 0, false, false, 0)) : -1;
        endsAfterBreak = _end.OnOwnLine && value == '\n' && mayEnd;
        var next = Write(text, value);
        return next >= 0 || endsAtTag || endsAfterBreak ? Intern(new(next, nextMark, endsAfterBreak, endsAtTag, -1)) : -1;
    }

    public override bool Accepts(int state) => _states[state].Tail == _end.Tail.Length;

    public override bool Continues(int state) => !Accepts(state);

    private bool MayEnd(int text) => text >= 0 && _quoted.Step(text, (byte)'"') is var end and >= 0 && _quoted.Accepts(end);

    private int Write(int text, byte value)
    {
        if (text < 0) return Dead;
        if (value is >= 0x20 and not (byte)'"' and not (byte)'\\') return _quoted.Step(text, value);
        text = _quoted.Step(text, (byte)'\\');
        switch (value)
        {
            case (byte)'"' or (byte)'\\': return text < 0 ? Dead : _quoted.Step(text, value);
            case 8: return text < 0 ? Dead : _quoted.Step(text, (byte)'b');
            case 9: return text < 0 ? Dead : _quoted.Step(text, (byte)'t');
            case 10: return text < 0 ? Dead : _quoted.Step(text, (byte)'n');
            case 12: return text < 0 ? Dead : _quoted.Step(text, (byte)'f');
            case 13: return text < 0 ? Dead : _quoted.Step(text, (byte)'r');
        }
        foreach (var c in $"u00{(int)value:x2}")
        {
            if (text >= 0) text = _quoted.Step(text, (byte)c);
        }
        return text;
    }

    private int Intern(State state)
    {
        if (_ids.TryGetValue(state, out var id)) return id;
        _ids[state] = id = _states.Count;
        _states.Add(state);
        return id;
    }

    /// <summary>Where it stands.</summary>
    /// <param name="Text">State of the string; dead when only the closing tag can follow.</param>
    /// <param name="Mark">How far a tag may have come.</param>
    /// <param name="EndsAfterBreak">Whether the last byte is a line break before which the text may end.</param>
    /// <param name="EndsAtTag">Whether the text may end before the tag that has begun.</param>
    /// <param name="Tail">How much of what follows the tag is written; -1 before its end.</param>
    private readonly record struct State(int Text, int Mark, bool EndsAfterBreak, bool EndsAtTag, int Tail);
}
