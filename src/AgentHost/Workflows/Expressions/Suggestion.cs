namespace AgentRuntime.AgentHost.Workflows.Expressions;

/// <summary>Guesses what a misspelt name was meant to be.</summary>
public static class Suggestion
{
    /// <summary>"; did you mean 'x'?" for the closest of some names, or nothing when none is close.</summary>
    public static string For(string name, IEnumerable<string> names) => Closest(name, names) is { } closest ? $"; did you mean '{closest}'?" : "";

    /// <summary>The closest of some names, or null when none is close: at most a third of the characters may differ, or it is a beginning.</summary>
    public static string? Closest(string name, IEnumerable<string> names)
    {
        if (name.Length is 0 or > 64) return null;
        var limit = Math.Min(Math.Max(1, name.Length / 3), name.Length - 1);
        names = [.. names];
        // A beginning, such as "int" for "integer".
        if (name.Length >= 3 && names.FirstOrDefault(c => c != name && c.StartsWith(name, StringComparison.OrdinalIgnoreCase)) is { } whole) return whole;
        return names
            .Where(candidate => candidate != name && Math.Abs(candidate.Length - name.Length) <= limit)
            .Select(candidate => (candidate, distance: Distance(name.ToUpperInvariant(), candidate.ToUpperInvariant())))
            .Where(pair => pair.distance <= limit)
            .OrderBy(pair => pair.distance).ThenBy(pair => pair.candidate, StringComparer.Ordinal)
            .Select(pair => pair.candidate)
            .FirstOrDefault();
    }

    /// <summary>Insertions, deletions, replacements and swaps of neighbours between two texts (optimal string alignment).</summary>
    private static int Distance(string a, string b)
    {
        var rows = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) rows[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) rows[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                rows[i, j] = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        }
        return rows[a.Length, b.Length];
    }
}
