using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>
/// The names that may come next in an object: a tree of declared names and, where others are allowed, every other
/// string. Strings are in canonical spelling, so that no escape can smuggle a declared name past its schema.
/// </summary>
internal sealed class KeyAutomaton : ByteAutomaton
{
    /// <summary>The property that stands for all that are not declared.</summary>
    public const int Other = -1;

    private const int OtherStates = 32;
    private static readonly JsonStringAutomaton Text = JsonStringAutomaton.Canonical;

    private readonly bool _others;
    private readonly List<(int Text, int Property)> _nodes = [(0, Other)];
    private readonly Dictionary<(int, byte), int> _next = [];

    /// <param name="names">The declared names in canonical spelling with quotes.</param>
    /// <param name="allowed">Which of them may come.</param>
    /// <param name="others">Whether others may.</param>
    public KeyAutomaton(IReadOnlyList<byte[]> names, Func<int, bool> allowed, bool others)
    {
        _others = others;
        for (var property = 0; property < names.Count; property++)
        {
            if (others || allowed(property)) Add(names[property], allowed(property) ? property : Other);
        }
    }

    public override int Start => OtherStates;

    public override int Step(int state, byte value)
    {
        if (state < OtherStates) return Text.Step(state, value);
        if (_next.TryGetValue((state, value), out var next)) return next;
        return _others ? Text.Step(_nodes[state - OtherStates].Text, value) : -1;
    }

    public override bool Accepts(int state) => state < OtherStates ? Text.Accepts(state) : _nodes[state - OtherStates].Property >= 0;

    public override bool Continues(int state) => !Accepts(state);

    public override (ByteAutomaton Automaton, int State) Simplify(int state) => state < OtherStates ? (Text, state) : (this, state);

    /// <summary>What a name that is not declared is here: the state of the canonical string, or -1 when it may not come.</summary>
    public int OtherState(int state) => state < OtherStates ? state : _others ? _nodes[state - OtherStates].Text : -1;

    /// <summary>Whether declared names go on with a byte.</summary>
    public bool IsDeclared(int state, byte value) => _next.ContainsKey((state, value));

    /// <summary>The property whose name ended in a state.</summary>
    public int Property(int state) => state < OtherStates ? Other : _nodes[state - OtherStates].Property;

    private void Add(byte[] name, int property)
    {
        var state = Start;
        for (var i = 0; i < name.Length; i++)
        {
            var last = i == name.Length - 1;
            if (!_next.TryGetValue((state, name[i]), out var next))
            {
                // The closing quote of a name that may not come leads nowhere.
                next = last && property < 0 ? -1 : OtherStates + _nodes.Count;
                _next[(state, name[i])] = next;
                if (next >= 0) _nodes.Add((Text.Step(_nodes[state - OtherStates].Text, name[i]), last ? property : Other));
            }
            state = next;
        }
    }
}
