namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>Bounds of a number and, for integers, what it must be a multiple of.</summary>
internal readonly record struct NumberBounds(decimal? Min, bool MinExcluded, decimal? Max, bool MaxExcluded, decimal Multiple)
{
    public bool IsOpen => Min is null && Max is null && Multiple <= 1;

    public bool Contains(decimal value) =>
        !(Min is { } min && (MinExcluded ? value <= min : value < min))
        && !(Max is { } max && (MaxExcluded ? value >= max : value > max))
        && (Multiple == 0 || value % Multiple == 0);

    /// <summary>Whether any allowed number is in [low, high].</summary>
    public bool Intersects(decimal low, decimal high, bool integer)
    {
        var (from, to) = (Math.Max(low, Min ?? low), Math.Min(high, Max ?? high));
        if (!integer) return from < to || (from == to && Contains(from));
        var unit = Multiple == 0 ? 1 : Multiple;
        var first = Math.Ceiling(from / unit) * unit;
        if (MinExcluded && first == Min) first += unit;
        return first < to || (first == to && Contains(first));
    }

    /// <summary>What satisfies both.</summary>
    public NumberBounds And(NumberBounds other)
    {
        var result = this;
        if (other.Min is { } min && (Min is null || min > Min || (min == Min && other.MinExcluded))) result = result with { Min = min, MinExcluded = other.MinExcluded };
        if (other.Max is { } max && (Max is null || max < Max || (max == Max && other.MaxExcluded))) result = result with { Max = max, MaxExcluded = other.MaxExcluded };
        if (other.Multiple == 0 || other.Multiple == Multiple) return result;
        if (Multiple == 0) return result with { Multiple = other.Multiple };
        var (a, b) = (Multiple, other.Multiple);
        while (b != 0) (a, b) = (b, a % b);
        return result with { Multiple = checked(Multiple / a * other.Multiple) };
    }
}
