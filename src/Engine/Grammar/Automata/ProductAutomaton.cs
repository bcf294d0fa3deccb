namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>The texts of a <see cref="PatternProduct"/> whose label is wanted.</summary>
internal sealed class ProductAutomaton : CharacterAutomaton
{
    private readonly PatternProduct _product;
    private readonly bool[] _accepts;
    private readonly bool[] _isLive;

    public ProductAutomaton(PatternProduct product, Func<int, bool> isWanted)
    {
        _product = product;
        (_accepts, _isLive) = (new bool[product.Count], new bool[product.Count]);
        var before = new List<int>[product.Count];
        for (var state = 0; state < product.Count; state++) before[state] = [];
        for (var state = 0; state < product.Count; state++)
        {
            for (var cut = 0; cut < product.Cuts.Length; cut++)
            {
                if (product.Next(state, cut) is var next and >= 0) before[next].Add(state);
            }
        }
        var work = new Stack<int>();
        for (var state = 0; state < product.Count; state++)
        {
            _accepts[state] = product.Label(state) is var label and >= 0 && isWanted(label);
            if (_accepts[state]) work.Push(state);
        }
        while (work.TryPop(out var state))
        {
            if (_isLive[state]) continue;
            _isLive[state] = true;
            foreach (var from in before[state]) work.Push(from);
        }
    }

    public override int Start => _isLive[0] ? 0 : -1;

    public override IReadOnlyList<int> Cuts => _product.Cuts;

    public override bool Accepts(int state) => _accepts[state];

    /// <summary>The label of a text that ends in a state.</summary>
    public int Label(int state) => _product.Label(state);

    public override bool IsUniversal(int state)
    {
        if (!_accepts[state]) return false;
        for (var cut = 0; cut < _product.Cuts.Length; cut++)
        {
            if (_product.Next(state, cut) != state) return false;
        }
        return true;
    }

    public override int Step(int state, int code) => Next(state, CutOf(code));

    public override bool CanStep(int state, int first, int last)
    {
        for (var cut = CutOf(first); cut <= CutOf(last); cut++)
        {
            if (Next(state, cut) >= 0) return true;
        }
        return false;
    }

    public override bool IsUniform(int state, int first, int last)
    {
        var same = Step(state, first);
        for (var cut = CutOf(first); cut <= CutOf(last); cut++)
        {
            if (Next(state, cut) != same) return false;
        }
        return true;
    }

    private int Next(int state, int cut) => _product.Next(state, cut) is var next and >= 0 && _isLive[next] ? next : -1;

    private int CutOf(int code) => Array.BinarySearch(_product.Cuts, code) is var at and >= 0 ? at : ~Array.BinarySearch(_product.Cuts, code) - 1;
}
