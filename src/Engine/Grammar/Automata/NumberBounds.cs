namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>What a number may be: bounds, what it must be a multiple of, and what it must not be.</summary>
internal readonly record struct NumberBounds(decimal? Min, bool MinExcluded, decimal? Max, bool MaxExcluded, decimal Multiple)
{
    private const int MaxTries = 1_000;

    /// <summary>Numbers that are excluded.</summary>
    public IReadOnlyList<decimal> Excluded { get; init; } = [];

    /// <summary>Numbers of which it must not be a multiple.</summary>
    public IReadOnlyList<decimal> NotMultiples { get; init; } = [];

    /// <summary>No bounds.</summary>
    public static NumberBounds None { get; } = new(null, false, null, false, 0);

    /// <summary>Whether every integer is allowed.</summary>
    public bool IsOpen => Min is null && Max is null && (Multiple == 0 || 1 % Multiple == 0) && Excluded.Count == 0 && NotMultiples.Count == 0;

    public bool Contains(decimal value) =>
        !(Min is { } min && (MinExcluded ? value <= min : value < min))
        && !(Max is { } max && (MaxExcluded ? value >= max : value > max))
        && (Multiple == 0 || value % Multiple == 0)
        && !Excluded.Contains(value)
        && !NotMultiples.Any(multiple => value % multiple == 0);

    /// <summary>Whether any allowed number is in [low, high].</summary>
    public bool Intersects(decimal low, decimal high, bool integer)
    {
        var (from, to) = (Math.Max(low, Min ?? low), Math.Min(high, Max ?? high));
        if (!integer && Multiple == 0) return from < to || (from == to && Contains(from));
        var multiple = Multiple;
        if (multiple > 0 && NotMultiples.Any(not => multiple % not == 0)) return false;
        var unit = integer && Multiple == 0 ? 1 : Multiple;
        // What is excluded leaves soon something or, since multiples come again and again, nothing at all.
        var value = Math.Ceiling(from / unit) * unit;
        for (var tries = 0; value <= to && tries < MaxTries; tries++, value += unit)
        {
            if (Contains(value)) return true;
        }
        return false;
    }

    /// <summary>What satisfies both.</summary>
    public NumberBounds And(NumberBounds other)
    {
        var result = this with { Excluded = [.. Excluded, .. other.Excluded], NotMultiples = [.. NotMultiples, .. other.NotMultiples] };
        if (other.Min is { } min && (Min is null || min > Min || (min == Min && other.MinExcluded))) result = result with { Min = min, MinExcluded = other.MinExcluded };
        if (other.Max is { } max && (Max is null || max < Max || (max == Max && other.MaxExcluded))) result = result with { Max = max, MaxExcluded = other.MaxExcluded };
        return other.Multiple == 0 ? result : result.TimesOf(other.Multiple);
    }

    /// <summary>The multiples of another number among these.</summary>
    public NumberBounds TimesOf(decimal multiple)
    {
        if (Multiple == 0 || multiple == Multiple) return this with { Multiple = multiple };
        var (a, b) = (Multiple, multiple);
        while (b != 0) (a, b) = (b, a % b);
        return this with { Multiple = checked(Multiple / a * multiple) };
    }
}
