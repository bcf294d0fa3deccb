namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>A pattern made deterministic as it is used: a state is a set of nodes from which acceptance can be reached.</summary>
internal sealed class PatternMatcher : CharacterAutomaton
{
    private readonly PatternNode _end;
    private readonly List<PatternNode[]> _sets = [];
    private readonly List<bool> _accepts = [];
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<(int, int), int> _next = [];
    private readonly bool[] _endable;
    private readonly int[] _cuts;

    public PatternMatcher(List<PatternNode> nodes, PatternNode start, PatternNode end)
    {
        _end = end;
        _cuts = [.. nodes.SelectMany(node => node.Ranges ?? []).SelectMany(range => new[] { range.First, range.Last + 1 }).Where(cut => cut <= 0x10FFFF).Append(0).Distinct().Order()];
        _endable = Reaching(nodes, node => node.Free.Concat(node.AtEnd), node => node == end);
        var live = Reaching(nodes, node => node.Next is { } next && node.Ranges!.Count > 0 ? node.Free.Append(next) : node.Free, node => _endable[node.Id]);
        foreach (var node in nodes) node.IsLive = live[node.Id];
        Start = Intern([start], atStart: true);
    }

    public override int Start { get; }

    public override IReadOnlyList<int> Cuts => _cuts;

    public override bool Accepts(int set) => _accepts[set];

    public override bool IsUniversal(int set) => _sets[set] is [var only] && only == _end && _end.Next == _end;

    public override int Step(int set, int code)
    {
        // What lies between two cuts is the same to every range.
        var part = Array.BinarySearch(_cuts, code) is var at and >= 0 ? at : ~Array.BinarySearch(_cuts, code) - 1;
        if (_next.TryGetValue((set, part), out var known)) return known;
        List<PatternNode> reached = [];
        foreach (var node in _sets[set])
        {
            if (node.Next is { } next && node.Ranges!.Exists(range => range.First <= code && code <= range.Last)) reached.Add(next);
        }
        return _next[(set, part)] = Intern(reached, atStart: false);
    }

    public override bool CanStep(int set, int first, int last)
    {
        foreach (var node in _sets[set])
        {
            if (node.Next is { IsLive: true } && node.Ranges!.Exists(range => range.First <= last && first <= range.Last)) return true;
        }
        return false;
    }

    public override bool IsUniform(int set, int first, int last)
    {
        foreach (var node in _sets[set])
        {
            if (node.Next is null) continue;
            var overlapping = node.Ranges!.FindAll(range => range.First <= last && first <= range.Last);
            if (overlapping.Count > 0 && !overlapping.Exists(range => range.First <= first && last <= range.Last)) return false;
        }
        return true;
    }

    private int Intern(List<PatternNode> seeds, bool atStart)
    {
        var seen = new HashSet<PatternNode>(seeds);
        var work = new Stack<PatternNode>(seeds);
        while (work.TryPop(out var node))
        {
            foreach (var next in atStart ? node.Free.Concat(node.AtStart) : node.Free)
            {
                if (seen.Add(next)) work.Push(next);
            }
        }
        if (!seen.Any(node => node.IsLive)) return -1;
        // Whatever follows, it is accepted: the rest of the set adds nothing.
        var set = _end.Next == _end && seen.Contains(_end) ? [_end] : seen.Where(node => node.IsLive && (node.Next is not null || _endable[node.Id])).OrderBy(node => node.Id).ToArray();
        var key = string.Join(',', set.Select(node => node.Id)) + (atStart ? "^" : "");
        if (_ids.TryGetValue(key, out var id)) return id;
        _ids[key] = id = _sets.Count;
        _sets.Add(set);
        _accepts.Add(EndsHere(seen, atStart));
        return id;
    }

    private bool EndsHere(HashSet<PatternNode> set, bool atStart)
    {
        if (!atStart) return set.Any(node => _endable[node.Id]);
        var seen = new HashSet<PatternNode>(set);
        var work = new Stack<PatternNode>(set);
        while (work.TryPop(out var node))
        {
            foreach (var next in node.Free.Concat(node.AtStart).Concat(node.AtEnd))
            {
                if (seen.Add(next)) work.Push(next);
            }
        }
        return seen.Contains(_end);
    }

    /// <summary>The nodes that moves lead from to one that is wanted.</summary>
    private static bool[] Reaching(List<PatternNode> nodes, Func<PatternNode, IEnumerable<PatternNode>> moves, Func<PatternNode, bool> wanted)
    {
        var back = nodes.ConvertAll(_ => new List<PatternNode>());
        foreach (var node in nodes)
        {
            foreach (var next in moves(node)) back[next.Id].Add(node);
        }
        var reached = new bool[nodes.Count];
        var work = new Stack<PatternNode>(nodes.Where(wanted));
        while (work.TryPop(out var node))
        {
            if (reached[node.Id]) continue;
            reached[node.Id] = true;
            foreach (var from in back[node.Id]) work.Push(from);
        }
        return reached;
    }
}
