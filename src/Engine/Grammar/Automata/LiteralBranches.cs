namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>Fixed texts, each with what follows it. One may be the beginning of another, and one may be empty.</summary>
internal sealed class LiteralBranches : BranchAutomaton
{
    private readonly LiteralAutomaton _literals;
    private readonly Dictionary<int, int> _targets = [];

    /// <summary>Joins texts and their targets; of two equal texts the first counts.</summary>
    public LiteralBranches(IEnumerable<(byte[] Text, int Target)> branches)
    {
        var list = branches.ToList();
        _literals = new(list.Select(branch => branch.Text));
        foreach (var (text, target) in list)
        {
            var state = text.Aggregate(_literals.Start, (state, value) => _literals.Step(state, value));
            _targets.TryAdd(state, target);
        }
    }

    public override int Start => _literals.Start;

    public override int Step(int state, byte value) => _literals.Step(state, value);

    public override bool Accepts(int state) => _literals.Accepts(state);

    public override bool Continues(int state) => _literals.Continues(state);

    public override int Target(int state) => _targets[state];
}
