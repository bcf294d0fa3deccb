namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>
/// What some items of an array must satisfy. An item is written as one that counts for a set of the demands, a bit each;
/// how far the demands are met is one number.
/// </summary>
/// <param name="limits">How many items each demand needs and allows at most.</param>
/// <param name="items">What an item may be that counts for a set, by the set.</param>
internal sealed class ItemDemands(IReadOnlyList<(int Min, int Max)> limits, IReadOnlyList<Node> items)
{
    private readonly Dictionary<int, int> _missing = [];

    /// <summary>How many different progresses there are.</summary>
    public int States { get; } = limits.Aggregate(1, (states, limit) => checked(states * (Cap(limit) + 1)));

    /// <summary>The sets of demands.</summary>
    public int Sets => items.Count;

    /// <summary>What an item may be that counts for a set.</summary>
    public Node Item(int set) => items[set];

    /// <summary>The progress after an item that counts for a set, or -1 when there are too many then.</summary>
    public int After(int progress, int set)
    {
        var (next, unit) = (0, 1);
        for (var i = 0; i < limits.Count; i++)
        {
            var cap = Cap(limits[i]);
            var count = progress / unit % (cap + 1);
            if ((set >> i & 1) != 0)
            {
                if (count < cap) count++;
                else if (limits[i].Max != int.MaxValue) return -1;
            }
            next += count * unit;
            unit *= cap + 1;
        }
        return next;
    }

    /// <summary>Whether every demand is met.</summary>
    public bool IsMet(int progress)
    {
        foreach (var limit in limits)
        {
            if (progress % (Cap(limit) + 1) < limit.Min) return false;
            progress /= Cap(limit) + 1;
        }
        return true;
    }

    /// <summary>How many more items it takes at least until every demand is met; null when it is impossible.</summary>
    public int? Missing(int progress)
    {
        if (_missing.TryGetValue(progress, out var known)) return known < 0 ? null : known;
        var queue = new Queue<(int Progress, int Items)>([(progress, 0)]);
        HashSet<int> seen = [progress];
        var found = -1;
        while (found < 0 && queue.TryDequeue(out var at))
        {
            if (IsMet(at.Progress)) found = at.Items;
            for (var set = 1; set < Sets; set++)
            {
                if (items[set].IsPossible && After(at.Progress, set) is var next and >= 0 && seen.Add(next)) queue.Enqueue((next, at.Items + 1));
            }
        }
        _missing[progress] = found;
        return found < 0 ? null : found;
    }

    /// <summary>Forgets what depends on which items are possible.</summary>
    public void Reset() => _missing.Clear();

    private static int Cap((int Min, int Max) limit) => limit.Max == int.MaxValue ? limit.Min : limit.Max;
}
