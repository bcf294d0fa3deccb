using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>
/// The names that may come next in an object: some of the declared names and, where others are allowed, every other
/// string. Strings are in canonical spelling, so that no escape can smuggle a declared name past its schema.
/// </summary>
internal sealed class KeyAutomaton : ByteAutomaton
{
    /// <summary>The property that stands for all that are not declared.</summary>
    public const int Other = NameTree.None;

    private const int OtherStates = 32;
    private static readonly JsonStringAutomaton Text = JsonStringAutomaton.Canonical;

    private readonly NameTree _names;
    private readonly int[] _allowedBefore;

    /// <param name="names">The declared names.</param>
    /// <param name="allowed">Which of them may come.</param>
    /// <param name="others">Whether others may.</param>
    public KeyAutomaton(NameTree names, Func<int, bool> allowed, bool others)
    {
        (_names, AllowsOthers) = (names, others);
        _allowedBefore = names.CountBefore(allowed);
    }

    /// <summary>Whether names that are not declared may come.</summary>
    public bool AllowsOthers { get; }

    public override int Start => OtherStates;

    public override int Step(int state, byte value)
    {
        if (state < OtherStates) return Text.Step(state, value);
        var node = _names.Child(state - OtherStates, value);
        if (node >= 0) return IsOpen(node) ? OtherStates + node : -1;
        return AllowsOthers ? Text.Step(_names.Text(state - OtherStates), value) : -1;
    }

    public override bool Accepts(int state) => state < OtherStates ? Text.Accepts(state) : Property(state) >= 0;

    public override bool Continues(int state) => !Accepts(state);

    public override (ByteAutomaton Automaton, int State) Simplify(int state) => state < OtherStates ? (Text, state) : (this, state);

    /// <summary>What a name that is not declared is here: the state of the canonical string, or -1 when it may not come.</summary>
    public int OtherState(int state) => state < OtherStates ? state : AllowsOthers ? _names.Text(state - OtherStates) : -1;

    /// <summary>The bytes with which declared names go on, and the states that they lead to; -1 where a name ends that may not come.</summary>
    public IEnumerable<(byte Value, int State)> Declared(int state)
    {
        if (state < OtherStates) yield break;
        foreach (var (value, node) in _names.Children(state - OtherStates))
        {
            if (IsOpen(node)) yield return (value, OtherStates + node);
            else if (_names.Property(node) >= 0) yield return (value, -1);
        }
    }

    /// <summary>The property whose name ended in a state.</summary>
    public int Property(int state) => state < OtherStates ? Other : _names.Property(state - OtherStates);

    /// <summary>Whether a node leads to a name that may come.</summary>
    private bool IsOpen(int node)
    {
        var (first, end) = _names.Names(node);
        return _allowedBefore[end] > _allowedBefore[first] || (AllowsOthers && _names.Property(node) < 0);
    }
}
