using System.Runtime.InteropServices;

namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>
/// Several patterns read side by side: texts that match some of them, do not match others, and have a length within
/// bounds. Patterns that only tell texts apart give a label, a bit each. All states are made at once, so that it is known
/// from which of them an end can be reached.
/// </summary>
internal sealed class PatternProduct
{
    private const int MaxSets = 250;

    private readonly CharacterAutomaton[] _parts;
    private readonly int _must;
    private readonly int _mustNot;
    private readonly (int Min, int Max) _length;
    private readonly List<int[]> _states = [];
    private readonly Dictionary<int[], int> _ids = new(new SetsComparer());
    private readonly Dictionary<int, int[]>[] _rows;
    private readonly List<int[]> _next = [];

    private PatternProduct(CharacterAutomaton[] parts, int must, int mustNot, (int Min, int Max) length)
    {
        (_parts, _must, _mustNot, _length) = (parts, must, mustNot, length);
        _rows = [.. parts.Select(_ => new Dictionary<int, int[]>())];
        Cuts = [.. parts.SelectMany(part => part.Cuts).Append(0).Distinct().Order()];
    }

    /// <summary>Code points between which all are treated alike.</summary>
    public int[] Cuts { get; }

    /// <summary>Number of states; 0 is the first.</summary>
    public int Count => _states.Count;

    /// <summary>Reads the patterns together.</summary>
    /// <param name="must">What a text must match.</param>
    /// <param name="mustNot">What it must not match.</param>
    /// <param name="labels">What tells texts apart; at most 8.</param>
    /// <param name="min">Least code points.</param>
    /// <param name="max">Most code points.</param>
    /// <param name="cache">Bounds the work.</param>
    /// <param name="place">Where they stand, for the error.</param>
    /// <exception cref="GrammarException">Together they have too many states.</exception>
    public static PatternProduct Of(
        IReadOnlyList<CharacterAutomaton> must, IReadOnlyList<CharacterAutomaton> mustNot, IReadOnlyList<CharacterAutomaton> labels, int min, int max, PatternCache cache, string place)
    {
        var product = new PatternProduct([.. must, .. mustNot, .. labels], must.Count, mustNot.Count, (min, max));
        product.Build(cache, place);
        return product;
    }

    /// <summary>The state after a code point of a class, an index into <see cref="Cuts"/>; or -1.</summary>
    public int Next(int state, int cut) => _next[state][cut];

    /// <summary>The label of a text that may end in a state, or -1 when it may not.</summary>
    public int Label(int state)
    {
        var sets = _states[state];
        if (sets[^1] < _length.Min) return -1;
        var label = 0;
        for (var i = 0; i < _parts.Length; i++)
        {
            var accepts = sets[i] >= 0 && _parts[i].Accepts(sets[i]);
            if (i < _must ? !accepts : i < _must + _mustNot && accepts) return -1;
            if (i >= _must + _mustNot && accepts) label |= 1 << (i - _must - _mustNot);
        }
        return label;
    }

    private void Build(PatternCache cache, string place)
    {
        Intern([.. _parts.Select(part => part.Start), 0]);
        for (var state = 0; state < _states.Count; state++)
        {
            // States of a pattern cost more than those of the product.
            cache.Spend(_rows.Sum(rows => rows.Count) > MaxSets ? int.MaxValue : Cuts.Length, place);
            var row = new int[Cuts.Length];
            for (var cut = 0; cut < row.Length; cut++) row[cut] = After(_states[state], cut);
            _next.Add(row);
        }
    }

    private int After(int[] sets, int cut)
    {
        var count = sets[^1] + 1;
        if (count > _length.Max) return -1;
        var next = new int[sets.Length];
        next[^1] = _length.Max == int.MaxValue ? Math.Min(count, _length.Min) : count;
        for (var i = 0; i < _parts.Length; i++)
        {
            next[i] = sets[i] < 0 ? -1 : Row(i, sets[i])[cut];
            if (i < _must && next[i] < 0) return -1;
        }
        return Intern(next);
    }

    /// <summary>Where a pattern's state leads, by the class of the code point.</summary>
    private int[] Row(int part, int set)
    {
        if (_rows[part].TryGetValue(set, out var known)) return known;
        return _rows[part][set] = [.. Cuts.Select(cut => _parts[part].Step(set, cut))];
    }

    private int Intern(int[] sets)
    {
        if (_ids.TryGetValue(sets, out var id)) return id;
        _ids[sets] = id = _states.Count;
        _states.Add(sets);
        return id;
    }

    private sealed class SetsComparer : IEqualityComparer<int[]>
    {
        public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(int[] sets)
        {
            var hash = default(HashCode);
            hash.AddBytes(MemoryMarshal.AsBytes(sets.AsSpan()));
            return hash.ToHashCode();
        }
    }
}
