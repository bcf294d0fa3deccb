using System.Text.Json;
using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Schema;

/// <summary>What one schema says about the values of properties: by name, by pattern, and of all others.</summary>
/// <param name="cache">The schema's patterns.</param>
internal sealed class PropertyRules(PatternCache cache)
{
    private readonly List<(string Pattern, SchemaPart Value, CharacterAutomaton Matcher)> _patterns = [];

    /// <summary>The properties that it names.</summary>
    public Dictionary<string, SchemaPart> Named { get; } = new(StringComparer.Ordinal);

    /// <summary>What holds for a property that is neither named nor matched; null for nothing.</summary>
    public SchemaPart? Others { get; set; }

    /// <summary>The patterns and their places.</summary>
    public IEnumerable<(string Pattern, string Place)> Patterns => _patterns.Select(entry => (entry.Pattern, entry.Value.Pointer));

    /// <exception cref="GrammarException">A pattern is broken or not supported.</exception>
    public void AddPatterns(JsonElement keyword, string place)
    {
        foreach (var entry in SchemaReader.Object(keyword, place))
        {
            var at = $"{place}/{SchemaReader.Escape(entry.Name)}";
            _patterns.Add((entry.Name, new(entry.Value, at, SchemaPartKind.Whole), cache.Parse(entry.Name, at)));
        }
    }

    /// <summary>What the value of a named property must satisfy.</summary>
    public IEnumerable<SchemaPart> Of(string name) => Of(Named.GetValueOrDefault(name), entry => entry.Matcher.Matches(name));

    /// <summary>What the value of any other property must satisfy whose name matches some patterns.</summary>
    public IEnumerable<SchemaPart> Of(Func<string, bool> matches) => Of(null, entry => matches(entry.Pattern));

    private List<SchemaPart> Of(SchemaPart? named, Func<(string Pattern, SchemaPart Value, CharacterAutomaton Matcher), bool> matches)
    {
        List<SchemaPart> parts = [.. _patterns.Where(matches).Select(entry => entry.Value)];
        if (named is not null) parts.Add(named);
        return parts.Count > 0 || Others is null ? parts : [Others];
    }
}
