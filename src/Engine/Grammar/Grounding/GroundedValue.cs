using System.Collections.Concurrent;
using AgentRuntime.Engine.Grammar.Automata;
using AgentRuntime.Engine.Grammar.Matching;

namespace AgentRuntime.Engine.Grammar.Grounding;

/// <summary>A domain's values in the spelling of a tool-call format, and the masks that were costly to make.</summary>
/// <param name="domain">The values.</param>
/// <param name="spelling">The values from their first byte to their last, quotes or closing tags included.</param>
internal sealed class GroundedValue(ValueDomain domain, ByteAutomaton spelling)
{
    private const int MaxMasks = 64;

    private readonly ConcurrentDictionary<(MatchState, int), ulong[]> _masks = [];

    public ValueDomain Domain => domain;

    public ByteAutomaton Spelling => spelling;

    /// <summary>The mask of a state of the grammar and one of the spelling, if it was kept.</summary>
    public ulong[]? FindMask(MatchState state, int at) => _masks.GetValueOrDefault((state, at));

    /// <summary>Keeps a mask: those near the beginning come again, and farther inside they cost little.</summary>
    public void Keep(MatchState state, int at, ulong[] mask)
    {
        if (_masks.Count < MaxMasks) _masks[(state, at)] = mask;
    }
}
