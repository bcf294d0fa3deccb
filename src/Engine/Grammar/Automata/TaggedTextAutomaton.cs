namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>
/// A text that is written as it is, up to a closing tag and what stands after that. What the text may be is said by the
/// automaton of its JSON string, which gets to see the escapes. The text cannot hold the tag.
/// </summary>
internal sealed class TaggedTextAutomaton : ByteAutomaton
{
    private const int Dead = -1, Unknown = -2;

    private static readonly ulong Quote = ByteClasses.Of((byte)'"');

    private readonly ByteAutomaton _quoted;
    private readonly TaggedTextEnd _end;
    private readonly List<State> _states = [];
    private readonly Dictionary<State, int> _ids = [];
    private readonly List<int[]> _next = [];

    /// <param name="quoted">The JSON string, in canonical spelling.</param>
    /// <param name="end">How it ends.</param>
    public TaggedTextAutomaton(ByteAutomaton quoted, TaggedTextEnd end)
    {
        (_quoted, _end) = (quoted, end);
        var text = quoted.Step(quoted.Start, (byte)'"');
        Start = Intern(new(text, 0, EndsAfterBreak: false, EndsAtTag: false, Tail: -1));
        if (!IsShared) return;
        // Complete from the start, so that several threads may use it.
        for (var state = 0; state < _states.Count; state++)
        {
            for (var value = 0; value < 256; value++) Step(state, (byte)value);
        }
    }

    public override int Start { get; }

    public override bool IsShared => _quoted == JsonStringAutomaton.Canonical;

    /// <summary>How it ends.</summary>
    public TaggedTextEnd End => _end;

    /// <summary>Whether any text fits.</summary>
    public bool IsPossible => _states[Start].Text >= 0;

    public override int Step(int state, byte value) => _next[state][value] is not Unknown and var next ? next : _next[state][value] = Compute(state, value);

    public override (ByteAutomaton? Automaton, int State) Resembles(int state, ulong classes, int bytes)
    {
        var at = _states[state];
        // In patterns the escapes that the JSON string has would count too.
        if (_quoted is not LengthAutomaton || at.Text < 0 || at.Tail >= 0) return (null, 0);
        var (like, text) = _quoted.Resembles(at.Text, classes | Quote, bytes);
        return like == JsonStringAutomaton.Canonical && _end.Free._ids.TryGetValue(at with { Text = text }, out var same) ? (_end.Free, same) : (null, 0);
    }

    private int Compute(int state, byte value)
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
        var row = new int[256];
        Array.Fill(row, Unknown);
        _next.Add(row);
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
