namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>A set of byte strings, as a tree of their prefixes.</summary>
internal sealed class LiteralAutomaton : ByteAutomaton
{
    private readonly Dictionary<(int State, byte Value), int> _next = [];
    private readonly List<(bool Accepts, bool Continues)> _states = [(false, false)];

    public LiteralAutomaton(IEnumerable<byte[]> literals)
    {
        foreach (var literal in literals)
        {
            var state = 0;
            foreach (var value in literal)
            {
                if (!_next.TryGetValue((state, value), out var next))
                {
                    next = _states.Count;
                    _states.Add(default);
                    _next[(state, value)] = next;
                    _states[state] = _states[state] with { Continues = true };
                }
                state = next;
            }
            _states[state] = _states[state] with { Accepts = true };
        }
    }

    public override int Start => 0;

    public override int Step(int state, byte value) => _next.GetValueOrDefault((state, value), -1);

    public override bool Accepts(int state) => _states[state].Accepts;

    public override bool Continues(int state) => _states[state].Continues;
}
