namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>The patterns of one schema, each read once, and a bound on the work of combining them.</summary>
internal sealed class PatternCache
{
    private readonly Dictionary<string, PatternMatcher> _matchers = new(StringComparer.Ordinal);
    private int _moves = 150_000;

    /// <summary>A pattern that may match anywhere in a text.</summary>
    /// <exception cref="GrammarException">It is broken, too large, or needs what is not supported.</exception>
    public PatternMatcher Parse(string pattern, string place)
    {
        if (!_matchers.TryGetValue(pattern, out var matcher)) _matchers[pattern] = matcher = PatternParser.Parse(pattern, place, whole: false);
        return matcher;
    }

    /// <summary>Notes moves that a combination of patterns needs.</summary>
    /// <exception cref="GrammarException">They are more than a schema may need in all.</exception>
    public void Spend(int moves, string place)
    {
        if (moves > _moves) throw new GrammarException($"{place}: the patterns and lengths here are too large together.");
        _moves -= moves;
    }
}
