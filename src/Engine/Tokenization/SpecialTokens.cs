using System.Buffers;

namespace AgentRuntime.Engine.Tokenization;

/// <summary>
/// Finds in text the entries that are one token whatever surrounds them: user-defined ones always, control ones only
/// where the text may hold them. The leftmost wins, of several there the longest.
/// </summary>
internal sealed class SpecialTokens
{
    private readonly Matcher always;
    private readonly Matcher withControl;

    public SpecialTokens(VocabularyData vocabulary)
    {
        always = new Matcher(vocabulary, static type => type == TokenType.UserDefined);
        withControl = new Matcher(vocabulary, static type => type is TokenType.UserDefined or TokenType.Control or TokenType.Unknown);
    }

    /// <summary>The first one in <paramref name="text"/>: place and length in characters, and id; id -1 when there is none.</summary>
    public (int Index, int Length, int Id) Find(ReadOnlySpan<char> text, bool control) => (control ? withControl : always).Find(text);

    private sealed class Matcher
    {
        private readonly Dictionary<string, int> ids = new(StringComparer.Ordinal);
        private readonly SearchValues<string>? search;
        private readonly int[] lengths;

        public Matcher(VocabularyData vocabulary, Func<TokenType, bool> include)
        {
            for (var id = 0; id < vocabulary.Tokens.Count; id++)
                if (include(vocabulary.Types[id]) && vocabulary.Tokens[id].Length > 0) ids.TryAdd(vocabulary.Tokens[id], id);
            lengths = [.. ids.Keys.Select(name => name.Length).Distinct().OrderDescending()];
            if (ids.Count > 0) search = SearchValues.Create([.. ids.Keys], StringComparison.Ordinal);
        }

        public (int Index, int Length, int Id) Find(ReadOnlySpan<char> text)
        {
            var index = search is null ? -1 : text.IndexOfAny(search);
            if (index < 0) return (-1, 0, -1);
            var lookup = ids.GetAlternateLookup<ReadOnlySpan<char>>();
            foreach (var length in lengths)
                if (index + length <= text.Length && lookup.TryGetValue(text.Slice(index, length), out var id)) return (index, length, id);
            return (-1, 0, -1);
        }
    }
}
