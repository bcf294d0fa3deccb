namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>
/// Free text up to a mark, which is its end. Some marks count only at the start, before anything but white space; some
/// texts may not be written at all. Tokens that end a reply are no part of it.
/// </summary>
internal sealed class FreeTextAutomaton : BranchAutomaton
{
    /// <summary>The target of a text that may not stand at the start.</summary>
    public const int Nowhere = int.MinValue;

    private const int Unknown = -2;

    private readonly MarkFinder _marks;
    private readonly int[] _targets;
    private readonly LiteralBranches _first;
    private readonly List<(int Mark, int First)> _states = [];
    private readonly Dictionary<(int, int), int> _ids = [];
    private readonly List<int[]> _next = [];

    /// <param name="marks">Texts that end it wherever they stand, with their targets.</param>
    /// <param name="firstMarks">Texts that end it only when nothing but white space stands before them.</param>
    /// <param name="forbidden">Texts that it cannot hold.</param>
    public FreeTextAutomaton(IReadOnlyList<(byte[] Text, int Target)> marks, IReadOnlyList<(byte[] Text, int Target)> firstMarks, IReadOnlyList<byte[]> forbidden)
    {
        _marks = new([.. marks.Select(mark => mark.Text), .. forbidden]);
        _targets = [.. marks.Select(mark => mark.Target)];
        _first = new(firstMarks);
        Intern((0, _first.Start));
    }

    public override int Start => 0;

    public override int Step(int state, byte value) => _next[state][value] is not Unknown and var next ? next : _next[state][value] = Compute(state, value);

    public override bool Accepts(int state) => IsFirst(_states[state].First) || _marks.Found(_states[state].Mark) >= 0;

    public override bool Continues(int state) => !Accepts(state);

    public override int Target(int state) => IsFirst(_states[state].First) ? _first.Target(_states[state].First) : _targets[_marks.Found(_states[state].Mark)];

    private int Compute(int state, byte value)
    {
        if (value == Matching.ControlBytes.End) return -1;
        var (mark, first) = _states[state];
        mark = _marks.Step(mark, value);
        if (_marks.Found(mark) >= _targets.Length) return -1;
        if (first >= 0 && (first != _first.Start || !IsSpace(value))) first = _first.Step(first, value);
        return IsFirst(first) && _first.Target(first) == Nowhere ? -1 : Intern((mark, first));
    }

    private bool IsFirst(int first) => first >= 0 && _first.Accepts(first);

    private static bool IsSpace(byte value) => value is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t';

    private int Intern((int, int) state)
    {
        if (_ids.TryGetValue(state, out var id)) return id;
        _ids[state] = id = _states.Count;
        _states.Add(state);
        var row = new int[256];
        Array.Fill(row, Unknown);
        _next.Add(row);
        return id;
    }
}
