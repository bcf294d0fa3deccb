using System.Runtime.CompilerServices;

namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>Text that a regular expression matches: as a JSON string in canonical spelling, or raw. States are made as they are met.</summary>
internal sealed class PatternAutomaton : ByteAutomaton
{
    /// <summary>Stands for the code of a character whose effect is known from its first bytes.</summary>
    private const int Decided = -1;

    private const int Unknown = -2;

    private readonly CharacterAutomaton _matcher;
    private readonly JsonStringAutomaton _text;
    private readonly List<(int Set, int Part, int Code)> _states = [];
    private readonly Dictionary<(int, int, int), int> _ids = [];
    private int[]?[] _next = new int[]?[8];
    private readonly Dictionary<int, ulong> _loops = [];

    public PatternAutomaton(CharacterAutomaton matcher, bool raw)
    {
        (_matcher, _text) = (matcher, raw ? JsonStringAutomaton.Raw : JsonStringAutomaton.Canonical);
        Start = Intern((matcher.Start, _text.Start, 0));
    }

    public override int Start { get; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override int Step(int state, byte value)
    {
        if (_next[state] is not { } row)
        {
            _next[state] = row = new int[256];
            Array.Fill(row, Unknown);
        }
        return row[value] == Unknown ? row[value] = Compute(state, value) : row[value];
    }

    public override bool Accepts(int state) => _text.Accepts(_states[state].Part) && _matcher.Accepts(_states[state].Set);

    public override bool Continues(int state) => _states[state].Part != JsonStringAutomaton.End
        && (_text != JsonStringAutomaton.Raw || _states[state].Part != JsonStringAutomaton.Inside || _matcher.CanStep(_states[state].Set, 0, 0x10FFFF));

    public override (ByteAutomaton Automaton, int State) Simplify(int state) =>
        _matcher.IsUniversal(_states[state].Set) ? (_text, _states[state].Part) : (this, state);

    public override (ByteAutomaton? Automaton, int State) Resembles(int state, ulong classes, int bytes)
    {
        var (set, part, code) = _states[state];
        if (part != JsonStringAutomaton.Inside && !(code == Decided && part is >= 16 and <= 22)) return (null, 0);
        if (!_loops.TryGetValue(set, out var loops)) _loops[set] = loops = Loops(set);
        return (classes & ~loops) == 0 ? (_text, part) : (null, 0);
    }

    /// <summary>The classes of bytes that leave the pattern where it is.</summary>
    private ulong Loops(int set)
    {
        bool Stays(int code) => _matcher.Step(set, code) == set;
        var loops = ByteClasses.Where(c => _text == JsonStringAutomaton.Raw
            ? Stays(c)
            : c switch { '"' => false, '\\' => Stays('"') && Stays('\\') && Enumerable.Range(0, 32).All(Stays), _ => Stays(c) });
        if (_text == JsonStringAutomaton.Raw && !Enumerable.Range(0, 32).All(Stays)) loops &= ~ByteClasses.Of(0);
        return _matcher.IsUniform(set, 0x80, 0x10FFFF) && Stays(0x80) ? loops | ByteClasses.Beyond : loops;
    }

    /// <summary>The state of the pattern in a state of the text.</summary>
    public int Set(int state) => _states[state].Set;

    private int Compute(int state, byte value)
    {
        var (set, part, code) = _states[state];
        var next = _text.Step(part, value);
        if (next < 0) return -1;
        if (next == JsonStringAutomaton.End) return _matcher.Accepts(set) ? Intern((set, next, 0)) : -1;
        if (part == 0 || (code == Decided && part is >= 16 and <= 22)) return Intern((set, next, next == JsonStringAutomaton.Inside ? 0 : Decided));
        code = part switch
        {
            JsonStringAutomaton.Inside => value < 0x80 ? value : value & (value < 0xE0 ? 0x1F : value < 0xF0 ? 0x0F : 0x07),
            JsonStringAutomaton.Escape => value switch { (byte)'b' => 8, (byte)'t' => 9, (byte)'n' => 10, (byte)'f' => 12, (byte)'r' => 13, _ => value },
            JsonStringAutomaton.HexLow => Convert.ToInt32(((char)value).ToString(), 16),
            JsonStringAutomaton.HexHigh => 16 + Convert.ToInt32(((char)value).ToString(), 16),
            >= 16 and <= 22 => code << 6 | value & 0x3F,
            _ => 0,
        };
        if (next == JsonStringAutomaton.Inside)
        {
            var to = _matcher.Step(set, code);
            return to < 0 ? -1 : Intern((to, next, 0));
        }
        if (next is >= 16 and <= 22 && Range(next, code) is var (first, last) && _matcher.IsUniform(set, first, last))
        {
            var to = _matcher.Step(set, first);
            return to < 0 ? -1 : Intern((to, next, Decided));
        }
        return IsPossible(set, next, code) ? Intern((set, next, code)) : -1;
    }

    /// <summary>Whether a character that starts so can be matched.</summary>
    private bool IsPossible(int set, int part, int code)
    {
        switch (part)
        {
            case JsonStringAutomaton.Escape:
                return _matcher.CanStep(set, 0, 31) || _matcher.CanStep(set, '"', '"') || _matcher.CanStep(set, '\\', '\\');
            case JsonStringAutomaton.HexLow:
                return _matcher.CanStep(set, 0, 7) || _matcher.CanStep(set, 11, 11) || _matcher.CanStep(set, 14, 15);
            case JsonStringAutomaton.HexHigh:
                return _matcher.CanStep(set, 16, 31);
            case >= JsonStringAutomaton.HexStart:
                return _matcher.CanStep(set, 0, 7) || _matcher.CanStep(set, 11, 11) || _matcher.CanStep(set, 14, 31);
            default:
                var (first, last) = Range(part, code);
                return _matcher.CanStep(set, first, last);
        }
    }

    /// <summary>The code points that can still come of a character's first bytes.</summary>
    private static (int First, int Last) Range(int part, int code)
    {
        var (low, high, bits) = part switch
        {
            16 => (0x80, 0xBF, 6),
            17 => (0x80, 0xBF, 12),
            18 => (0x80, 0xBF, 18),
            19 => (0xA0, 0xBF, 12),
            20 => (0x80, 0x9F, 12),
            21 => (0x90, 0xBF, 18),
            _ => (0x80, 0x8F, 18),
        };
        return ((code << bits) | ((low & 0x3F) << (bits - 6)), (code << bits) | ((high & 0x3F) << (bits - 6)) | ((1 << (bits - 6)) - 1));
    }

    private int Intern((int, int, int) state)
    {
        if (_ids.TryGetValue(state, out var id)) return id;
        _ids[state] = id = _states.Count;
        if (id == _next.Length) Array.Resize(ref _next, 2 * id);
        _states.Add(state);
        return id;
    }
}
