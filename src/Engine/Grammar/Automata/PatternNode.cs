namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>A state of a pattern's nondeterministic automaton (Thompson 1968): ranges that lead to <see cref="Next"/>, and moves that read nothing.</summary>
internal sealed class PatternNode(int id)
{
    public int Id { get; } = id;

    /// <summary>Code points, first and last, that lead on; null when nothing is read here.</summary>
    public List<(int First, int Last)>? Ranges { get; set; }

    public PatternNode? Next { get; set; }

    public List<PatternNode> Free { get; } = [];

    public List<PatternNode> AtStart { get; } = [];

    public List<PatternNode> AtEnd { get; } = [];

    /// <summary>Whether acceptance can be reached from here.</summary>
    public bool IsLive { get; set; }
}
