using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Grounding;

/// <summary>Texts of another automaton as JSON strings with their quotes, escaped where they must be and in one spelling, the one of Python's <c>json.dumps</c> without <c>ensure_ascii</c>.</summary>
/// <param name="text">The texts, as UTF-8. A state of this automaton is one of its states and how much of an escape was read.</param>
internal sealed class JsonTextAutomaton(ByteAutomaton text) : ByteAutomaton
{
    private const int Before = 0, Inside = 1, Escape = 2, Unicode = 3, Zero = 4, ZeroZero = 5, Low = 6, High = 7;
    private const int Phases = 8, End = int.MaxValue;

    private static readonly byte[] Short = "\"\\\b\f\n\r\t"u8.ToArray();
    private static readonly byte[] ShortNames = "\"\\bfnrt"u8.ToArray();
    private static readonly byte[] LowControls = [.. Enumerable.Range(0, 16).Select(code => (byte)code).Except(Short)];
    private static readonly byte[] HighControls = [.. Enumerable.Range(16, 16).Select(code => (byte)code)];

    public override int Start => State(text.Start, Before);

    public override bool Accepts(int state) => state == End;

    public override bool Continues(int state) => state != End;

    public override int Step(int state, byte value)
    {
        if (state == End) return -1;
        var (at, phase) = (state / Phases, state % Phases);
        switch (phase)
        {
            case Before:
                return value == '"' && (text.Continues(at) || text.Accepts(at)) ? State(at, Inside) : -1;
            case Inside when value == '"':
                return text.Accepts(at) ? End : -1;
            case Inside when value == '\\':
                return Any(at, Short) || Any(at, LowControls) || Any(at, HighControls) ? State(at, Escape) : -1;
            case Inside:
                return value < 0x20 ? -1 : After(at, value);
            case Escape when value == 'u':
                return Any(at, LowControls) || Any(at, HighControls) ? State(at, Unicode) : -1;
            case Escape:
                return Array.IndexOf(ShortNames, value) is >= 0 and var name ? After(at, Short[name]) : -1;
            case Unicode or Zero:
                return value == '0' ? State(at, phase + 1) : -1;
            case ZeroZero:
                return value switch
                {
                    (byte)'0' when Any(at, LowControls) => State(at, Low),
                    (byte)'1' when Any(at, HighControls) => State(at, High),
                    _ => -1,
                };
            default:
                var digit = value switch { >= (byte)'0' and <= (byte)'9' => value - '0', >= (byte)'a' and <= (byte)'f' => value - 'a' + 10, _ => -1 };
                var code = digit < 0 ? -1 : phase == Low ? digit : 16 + digit;
                return code < 0 || Array.IndexOf(Short, (byte)code) >= 0 ? -1 : After(at, (byte)code);
        }
    }

    private static int State(int at, int phase) => checked(at * Phases + phase);

    private int After(int at, byte value) => text.Step(at, value) is >= 0 and var next ? State(next, Inside) : -1;

    private bool Any(int at, byte[] values) => Array.Exists(values, value => text.Step(at, value) >= 0);
}
