namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>JSON numbers without bounds (RFC 8259 section 6), or integers only, written without fraction and exponent.</summary>
internal sealed class NumberAutomaton : ByteAutomaton
{
    private readonly bool _integer;

    private NumberAutomaton(bool integer) => _integer = integer;

    public static NumberAutomaton Number { get; } = new(false);

    public static NumberAutomaton Integer { get; } = new(true);

    public override int Start => 0;

    public override bool IsShared => true;

    // 1 minus, 2 zero, 3 digits, 4 point, 5 fraction, 6 e, 7 sign of the exponent, 8 exponent
    public override int Step(int state, byte value)
    {
        var digit = value is >= (byte)'0' and <= (byte)'9';
        return (state, value) switch
        {
            (0, (byte)'-') => 1,
            (0 or 1, (byte)'0') => 2,
            (0 or 1 or 3, _) when digit => 3,
            (5 or 4, _) when digit => 5,
            (6 or 7 or 8, _) when digit => 8,
            (2 or 3, (byte)'.') when !_integer => 4,
            (2 or 3 or 5, (byte)'e' or (byte)'E') when !_integer => 6,
            (6, (byte)'-' or (byte)'+') => 7,
            _ => -1,
        };
    }

    public override bool Accepts(int state) => state is 2 or 3 or 5 or 8;

    public override bool Continues(int state) => !(_integer && state == 2);
}
