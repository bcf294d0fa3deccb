using System.Runtime.CompilerServices;

namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>A set of bytes.</summary>
[InlineArray(4)]
internal struct ByteSet
{
    private ulong _word;

    /// <summary>Every byte.</summary>
    public static ByteSet All
    {
        get
        {
            ByteSet all = default;
            ((Span<ulong>)all).Fill(ulong.MaxValue);
            return all;
        }
    }

    public readonly bool Contains(byte value) => (this[value >> 6] >> value & 1) != 0;

    public void Add(byte value) => this[value >> 6] |= 1UL << value;

    public void Add(ReadOnlySpan<byte> values)
    {
        foreach (var value in values) Add(value);
    }

    public void Add(in ByteSet other)
    {
        for (var i = 0; i < 4; i++) this[i] |= other[i];
    }

    /// <summary>Adds the bytes that may follow in a state of an automaton.</summary>
    public void Add(ByteAutomaton automaton, int state)
    {
        for (var value = 0; value < 256; value++)
        {
            if (automaton.Step(state, (byte)value) >= 0) Add((byte)value);
        }
    }
}
