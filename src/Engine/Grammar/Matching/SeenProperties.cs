using System.Numerics;
using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>The properties that an object has so far; equal ones of an object are one.</summary>
internal sealed class SeenProperties(BigInteger declared, int others, ByteAutomaton? keys, bool mayClose)
{
    /// <summary>A bit for each declared property.</summary>
    public BigInteger Declared { get; } = declared;

    /// <summary>How many others; counted only as far as it matters.</summary>
    public int Others { get; } = others;

    /// <summary>What the next name may be; null when no property may follow.</summary>
    public ByteAutomaton? Keys { get; } = keys;

    /// <summary>Whether the object may end.</summary>
    public bool MayClose { get; } = mayClose;
}
