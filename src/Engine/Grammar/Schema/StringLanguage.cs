using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Schema;

/// <summary>What a schema demands of texts: a length, patterns, and patterns that must not match.</summary>
/// <param name="cache">The schema's patterns.</param>
internal sealed class StringLanguage(PatternCache cache)
{
    private readonly Dictionary<string, string> _must = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _mustNot = new(StringComparer.Ordinal);

    public int MinLength { get; private set; }

    public int MaxLength { get; private set; } = int.MaxValue;

    /// <summary>Whether any text will do.</summary>
    public bool IsFree => _must.Count == 0 && _mustNot.Count == 0 && MinLength == 0 && MaxLength == int.MaxValue;

    public void AtLeast(int length) => MinLength = Math.Max(MinLength, length);

    public void AtMost(int length) => MaxLength = Math.Min(MaxLength, length);

    public void Match(string pattern, string place) => _must.TryAdd(pattern, place);

    public void MatchNot(string pattern, string place) => _mustNot.TryAdd(pattern, place);

    /// <summary>The pattern of some texts and no others.</summary>
    public static string Listed(IEnumerable<string> texts) => "^(?:" + string.Join('|', texts.Select(Literal)) + ")$";

    /// <summary>The automaton of the JSON strings, or null when there is none.</summary>
    /// <exception cref="GrammarException">A pattern is broken or not supported, or all together are too large.</exception>
    public ByteAutomaton? Automaton()
    {
        if (MinLength > MaxLength) return null;
        if (_must.Count == 0 && _mustNot.Count == 0) return IsFree ? JsonStringAutomaton.Free : new LengthAutomaton(MinLength, MaxLength);
        CharacterAutomaton matcher = _must.Count == 1 && _mustNot.Count == 0 && MinLength == 0 && MaxLength == int.MaxValue
            ? Parse(_must.First())
            : new ProductAutomaton(Product([], []), static _ => true);
        return matcher.Start < 0 ? null : new PatternAutomaton(matcher, raw: false);
    }

    /// <summary>All of it as one automaton whose labels say which of some patterns match.</summary>
    /// <param name="labels">The patterns and their places.</param>
    /// <param name="excluded">Texts that do not count.</param>
    public PatternProduct Product(IReadOnlyList<(string Pattern, string Place)> labels, IReadOnlyList<string> excluded)
    {
        var mustNot = _mustNot.Select(Parse).ToList();
        if (excluded.Count > 0) mustNot.Add(cache.Parse(Listed(excluded), "#"));
        var place = _must.Concat(_mustNot).Select(entry => entry.Value).Concat(labels.Select(label => label.Place)).FirstOrDefault("#");
        return PatternProduct.Of(
            [.. _must.Select(Parse)], mustNot, [.. labels.Select(label => cache.Parse(label.Pattern, label.Place))], MinLength, MaxLength, cache, place);
    }

    /// <summary>Whether a text is one of these.</summary>
    public bool Contains(string text)
    {
        var length = text.EnumerateRunes().Count();
        return length >= MinLength && length <= MaxLength && _must.All(entry => Parse(entry).Matches(text)) && !_mustNot.Any(entry => Parse(entry).Matches(text));
    }

    private PatternMatcher Parse(KeyValuePair<string, string> entry) => cache.Parse(entry.Key, entry.Value);

    private static string Literal(string text) => string.Concat(text.EnumerateRunes().Select(rune => rune.Value < 128 && !char.IsAsciiLetterOrDigit((char)rune.Value) ? $"\\x{rune.Value:x2}" : rune.ToString()));
}
