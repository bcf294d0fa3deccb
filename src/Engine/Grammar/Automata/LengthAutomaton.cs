namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>JSON strings of a minimal and maximal number of code points. A state is the count times 32 plus the state of the canonical string.</summary>
internal sealed class LengthAutomaton(int min, int max) : ByteAutomaton
{
    private static readonly JsonStringAutomaton Text = JsonStringAutomaton.Canonical;
    private static readonly ulong Quote = ByteClasses.Of((byte)'"');

    public override int Start => 0;

    public override int Step(int state, byte value)
    {
        var (count, part) = (state / 32, state % 32);
        var next = Text.Step(part, value);
        if (next < 0 || (next == JsonStringAutomaton.End && count < min)) return -1;
        if (part == JsonStringAutomaton.Inside && next != JsonStringAutomaton.End && ++count > max) return -1;
        return count * 32 + next;
    }

    public override bool Accepts(int state) => state % 32 == JsonStringAutomaton.End;

    public override bool Continues(int state) => !Accepts(state);

    public override (ByteAutomaton Automaton, int State) Simplify(int state) =>
        max == int.MaxValue && state / 32 >= min ? (Text, state % 32) : (this, state);

    public override (ByteAutomaton? Automaton, int State) Resembles(int state, ulong classes, int bytes) =>
        max - state / 32 >= bytes && (state / 32 >= min || (classes & Quote) == 0) ? (Text, state % 32) : (null, 0);
}
