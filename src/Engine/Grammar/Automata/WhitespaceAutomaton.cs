namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>Whitespace between the parts of containers: nothing, a space, or a line break with up to 60 characters of indentation; a bound, since models may get stuck in it.</summary>
internal sealed class WhitespaceAutomaton : ByteAutomaton
{
    /// <summary>The state in which no more may come.</summary>
    public const int Full = 1;

    /// <summary>The state in which one space must come.</summary>
    public const int One = 63;

    private WhitespaceAutomaton() { }

    public static WhitespaceAutomaton Shared { get; } = new();

    public override int Start => 0;

    public override bool IsShared => true;

    public override int Step(int state, byte value) => (state, value) switch
    {
        (0 or One, (byte)' ') => Full,
        (0, (byte)'\n') => 2,
        ( >= 2 and < 62, (byte)' ' or (byte)'\t') => state + 1,
        _ => -1,
    };

    public override bool Accepts(int state) => state != One;

    public override bool Continues(int state) => state is 0 or One or (>= 2 and < 62);
}
