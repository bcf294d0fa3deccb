using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>
/// A node with parts: objects, arrays and the root. A frame's state packs a phase, the
/// whitespace seen in it and a number.
/// </summary>
internal abstract class Container : Node
{
    /// <summary>Adds what follows a byte.</summary>
    public abstract void Step(Frame frame, byte value, StateSpace space, List<Frame> frames);

    /// <summary>Adds the bytes that may follow a frame, or more.</summary>
    public virtual void First(Frame frame, StateSpace space, ref ByteSet bytes) => bytes = ByteSet.All;

    /// <summary>The frame after a part of it was completed.</summary>
    /// <param name="frame">The container's frame.</param>
    /// <param name="part">What wrote the part: an automaton or a container.</param>
    /// <param name="state">The state in which the part ended.</param>
    /// <param name="space">Makes the frame.</param>
    public abstract Frame Completed(Frame frame, object part, int state, StateSpace space);

    /// <summary>Whether whitespace is fixed: one space after commas and colons, none elsewhere.</summary>
    public bool IsFixed { get; init; }

    /// <summary>The whitespace that may begin after a comma or colon.</summary>
    protected int Gap => IsFixed ? WhitespaceAutomaton.One : 0;

    /// <summary>The whitespace that may begin beside a bracket or before a comma.</summary>
    protected int Edge => IsFixed ? WhitespaceAutomaton.Full : 0;

    /// <summary>Whether the whole text may end in a state of this container, or in a lexical piece directly below it.</summary>
    public virtual bool MayEnd(int state) => false;

    protected static int Pack(int phase, int space, int number) => phase | space << 4 | number << 10;

    protected static (int Phase, int Space, int Number) Unpack(int state) => (state & 15, (state >> 4) & 63, state >> 10);

    /// <summary>The state of <see cref="WhitespaceAutomaton"/> that a state is in, or -1 where no whitespace may come.</summary>
    public virtual int White(int state) => -1;

    /// <summary>A state, but with no more whitespace to come.</summary>
    public static int WithoutSpace(int state)
    {
        var (phase, _, number) = Unpack(state);
        return Pack(phase, WhitespaceAutomaton.Full, number);
    }

    protected static void AddSpace(int space, ref ByteSet bytes)
    {
        foreach (var value in " \n\t"u8)
        {
            if (Space(space, value) >= 0) bytes.Add(value);
        }
    }

    /// <summary>The whitespace after one more byte, or -1.</summary>
    protected static int Space(int space, byte value) => WhitespaceAutomaton.Shared.Step(space, value);
}
