using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>The names that may come next in an object some of whose properties are known by patterns. The target of a name is its property; classes of others follow the declared ones.</summary>
internal sealed class PatternKeyAutomaton : BranchAutomaton
{
    private readonly NameTree _names;
    private readonly int[] _allowedBefore;
    private readonly OtherNames _others;
    private readonly PatternAutomaton? _text;
    private readonly List<(int Node, int Text)> _states = [];
    private readonly Dictionary<(int, int), int> _ids = [];

    /// <param name="names">The declared names.</param>
    /// <param name="allowed">Which of them may come.</param>
    /// <param name="others">The other names.</param>
    /// <param name="text">Reads the other names; null when none may come.</param>
    public PatternKeyAutomaton(NameTree names, Func<int, bool> allowed, OtherNames others, PatternAutomaton? text)
    {
        (_names, _others, _text) = (names, others, text);
        _allowedBefore = names.CountBefore(allowed);
        Intern((0, text?.Start ?? -1));
    }

    public override int Start => 0;

    public override int Step(int state, byte value)
    {
        var (node, text) = _states[state];
        if (node >= 0) node = _names.Child(node, value);
        if (node >= 0 && !IsOpen(node)) node = -1;
        if (text >= 0) text = _text!.Step(text, value);
        return node < 0 && text < 0 ? -1 : Intern((node, text));
    }

    public override bool Accepts(int state) => IsDeclared(state) || (_states[state].Text is >= 0 and var text && _text!.Accepts(text));

    public override bool Continues(int state) => !Accepts(state);

    public override int Target(int state) => IsDeclared(state) ? _names.Property(_states[state].Node) : _names.Order.Length + _others.Class(_text!.Set(_states[state].Text));

    public override (ByteAutomaton? Automaton, int State) Resembles(int state, ulong classes, int bytes) =>
        _states[state] is ( < 0, >= 0 and var text) ? _text!.Resembles(text, classes, bytes) : (null, 0);

    private bool IsDeclared(int state) => _states[state].Node is >= 0 and var node && _names.Property(node) >= 0;

    private bool IsOpen(int node)
    {
        var (first, end) = _names.Names(node);
        return _allowedBefore[end] > _allowedBefore[first];
    }

    private int Intern((int, int) state)
    {
        if (_ids.TryGetValue(state, out var id)) return id;
        _ids[state] = id = _states.Count;
        _states.Add(state);
        return id;
    }
}
