using System.Buffers;

namespace AgentRuntime.Engine.Tokenization;

/// <summary>
/// Finds in text the entries that are one token whatever surrounds them: user-defined ones always, control ones only
/// where the text may hold them. The leftmost wins, of several there the longest.
/// </summary>
internal sealed class SpecialTokens
{
    /// <summary>Longer names are not looked for: no model has them, and they would let a file make encoding quadratic.</summary>
    public const int LongestName = 256;

    private readonly Matcher always;
    private readonly Matcher withControl;

    public SpecialTokens(VocabularyData vocabulary)
    {
        always = new Matcher(vocabulary, static type => type == TokenType.UserDefined);
        withControl = new Matcher(vocabulary, static type => type is TokenType.UserDefined or TokenType.Control or TokenType.Unknown);
    }

    /// <summary>The first one in <paramref name="text"/>: place and length in characters, and id; id -1 when there is none.</summary>
    public (int Index, int Length, int Id) Find(ReadOnlySpan<char> text, bool control) => (control ? withControl : always).Find(text);

    /// <summary>A trie of names, entered only at characters that a name starts with.</summary>
    private sealed class Matcher
    {
        private readonly Dictionary<(int Node, char Next), int> edges = [];
        private readonly List<int> ids = [-1]; // by node: the name that ends there, or -1
        private readonly SearchValues<char> firstCharacters;

        public Matcher(VocabularyData vocabulary, Func<TokenType, bool> include)
        {
            var first = new HashSet<char>();
            for (var id = 0; id < vocabulary.Tokens.Count; id++)
            {
                var name = vocabulary.Tokens[id];
                if (name.Length is 0 or > LongestName || !include(vocabulary.Types[id])) continue;
                first.Add(name[0]);
                Add(name, id);
            }

            firstCharacters = SearchValues.Create([.. first]);
        }

        public (int Index, int Length, int Id) Find(ReadOnlySpan<char> text)
        {
            for (var start = 0; ; start++)
            {
                var step = text[start..].IndexOfAny(firstCharacters);
                if (step < 0) return (-1, 0, -1);
                start += step;
                var (length, id) = Longest(text[start..]);
                if (id >= 0) return (start, length, id);
            }
        }

        private void Add(string name, int id)
        {
            var node = 0;
            foreach (var character in name)
            {
                if (!edges.TryGetValue((node, character), out var next))
                {
                    next = edges[(node, character)] = ids.Count;
                    ids.Add(-1);
                }

                node = next;
            }

            if (ids[node] < 0) ids[node] = id;
        }

        private (int Length, int Id) Longest(ReadOnlySpan<char> text)
        {
            var best = (Length: 0, Id: -1);
            var node = 0;
            for (var i = 0; i < text.Length && edges.TryGetValue((node, text[i]), out node); i++)
                if (ids[node] >= 0) best = (i + 1, ids[node]);
            return best;
        }
    }
}
