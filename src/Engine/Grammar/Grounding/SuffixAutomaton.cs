using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Grounding;

/// <summary>
/// The parts of a text, in UTF-8: every state is a set of parts that occur at the same places (Blumer et al. 1985). A part
/// is accepted where it occurs exactly once and neither begins nor ends within a character. From every part a longer one
/// that occurs once can be reached, since the one that reaches from its first place to the text's end does.
/// </summary>
internal sealed class SuffixAutomaton : ByteAutomaton
{
    // A state's transitions lie together: those of state s start at _first[s] and end where those of s + 1 start.
    private readonly int[] _first;
    private readonly byte[] _values;
    private readonly int[] _targets;
    private readonly bool[] _once;

    /// <summary>Builds the automaton in time and space linear in the text's bytes.</summary>
    public SuffixAutomaton(ReadOnlySpan<byte> text)
    {
        var builder = new Builder(text);
        (_first, _values, _targets) = builder.Transitions();
        _once = builder.OccursOnce();
    }

    public override int Start => 0;

    public override int Step(int state, byte value)
    {
        if (state == 0 && IsContinuation(value)) return -1;
        var first = _first[state];
        var index = _values.AsSpan(first, _first[state + 1] - first).IndexOf(value);
        return index < 0 ? -1 : _targets[first + index];
    }

    public override bool Accepts(int state) =>
        _once[state] && (_first[state] == _first[state + 1] || !IsContinuation(_values[_first[state]]));

    public override bool Continues(int state) => _first[state] < _first[state + 1];

    private static bool IsContinuation(byte value) => (value & 0xC0) == 0x80;

    /// <summary>The online construction; transitions are lists while it runs.</summary>
    private sealed class Builder
    {
        private const int None = -1;

        private readonly int[] _length;
        private readonly int[] _link;
        private readonly int[] _occurrences;
        private readonly int[] _edges;
        private readonly int[] _root = new int[256];
        private readonly (int Next, int Target, byte Value)[] _edge;
        private int _states = 1;
        private int _edgeCount;

        public Builder(ReadOnlySpan<byte> text)
        {
            // At most 2n - 1 states and 3n - 4 transitions from n = 3 on.
            var most = checked(2 * text.Length + 2);
            (_length, _link, _occurrences, _edges) = (new int[most], new int[most], new int[most], new int[most]);
            _edge = new (int, int, byte)[checked(3 * text.Length + 4)];
            (_link[0], _edges[0]) = (None, None);
            Array.Fill(_root, None);
            var last = 0;
            foreach (var value in text) last = Extend(last, value);
            Count();
        }

        public (int[] First, byte[] Values, int[] Targets) Transitions()
        {
            var rootEdges = 256 - _root.AsSpan().Count(None);
            var (first, values, targets) = (new int[_states + 1], new byte[_edgeCount + rootEdges], new int[_edgeCount + rootEdges]);
            var next = 0;
            for (var value = 0; value < 256; value++)
            {
                if (_root[value] != None) (values[next], targets[next++]) = ((byte)value, _root[value]);
            }
            for (var state = 1; state < _states; state++)
            {
                first[state] = next;
                for (var e = _edges[state]; e != None; e = _edge[e].Next) (values[next], targets[next++]) = (_edge[e].Value, _edge[e].Target);
            }
            first[_states] = next;
            return (first, values, targets);
        }

        public bool[] OccursOnce()
        {
            var once = new bool[_states];
            for (var state = 1; state < _states; state++) once[state] = _occurrences[state] == 1;
            return once;
        }

        private int Extend(int last, byte value)
        {
            var state = Add(_length[last] + 1, None);
            _occurrences[state] = 1;
            var from = last;
            for (; from != None && Target(from, value) == None; from = _link[from]) Connect(from, value, state);
            if (from == None) return state;
            var target = Target(from, value);
            if (_length[target] == _length[from] + 1)
            {
                _link[state] = target;
                return state;
            }
            // The shorter parts of the target now occur at one place more than the longer ones, so they get a state of their own.
            var split = Add(_length[from] + 1, _edges[target]);
            _link[split] = _link[target];
            for (; from != None && Target(from, value) == target; from = _link[from]) Redirect(from, value, split);
            _link[target] = _link[state] = split;
            return state;
        }

        private int Add(int length, int edgesOf)
        {
            var state = _states++;
            (_length[state], _link[state], _edges[state]) = (length, 0, None);
            for (var e = edgesOf; e != None; e = _edge[e].Next) Connect(state, _edge[e].Value, _edge[e].Target);
            return state;
        }

        private int Target(int state, byte value)
        {
            if (state == 0) return _root[value];
            var e = Find(state, value);
            return e == None ? None : _edge[e].Target;
        }

        private int Find(int state, byte value)
        {
            var e = _edges[state];
            while (e != None && _edge[e].Value != value) e = _edge[e].Next;
            return e;
        }

        private void Connect(int state, byte value, int target)
        {
            if (state == 0)
            {
                _root[value] = target;
                return;
            }
            _edge[_edgeCount] = (_edges[state], target, value);
            _edges[state] = _edgeCount++;
        }

        private void Redirect(int state, byte value, int target)
        {
            if (state == 0) _root[value] = target;
            else _edge[Find(state, value)].Target = target;
        }

        /// <summary>Adds up the occurrences along the links, longest parts first.</summary>
        private void Count()
        {
            var starts = new int[_length.AsSpan(0, _states).ToArray().Max() + 2];
            for (var state = 0; state < _states; state++) starts[_length[state] + 1]++;
            for (var length = 1; length < starts.Length; length++) starts[length] += starts[length - 1];
            var byLength = new int[_states];
            for (var state = 0; state < _states; state++) byLength[starts[_length[state]]++] = state;
            for (var i = _states - 1; i > 0; i--) _occurrences[_link[byLength[i]]] += _occurrences[byLength[i]];
        }
    }
}
