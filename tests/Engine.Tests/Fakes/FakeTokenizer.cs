using System.Text;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Tests.Fakes;

/// <summary>The 256 bytes, then control tokens, then some longer pieces; encodes greedily, the longest piece first.</summary>
internal sealed class FakeTokenizer : Tokenizer
{
    public const int End = 256;
    public const int Start = 257;

    private static readonly string[] Pieces = ["<|end|>", "<|start|>", "hello", "he", " the", "lo wor", "Üb"];
    private readonly List<byte[]> _bytes = [];

    public FakeTokenizer()
    {
        for (var value = 0; value < 256; value++) _bytes.Add([(byte)value]);
        foreach (var piece in Pieces) _bytes.Add(Encoding.UTF8.GetBytes(piece));
        while (_bytes.Count < FakeModel.Vocabulary) _bytes.Add(Encoding.UTF8.GetBytes($"w{_bytes.Count} "));
        Vocabulary = new VocabularyData
        {
            Model = "fake",
            Tokens = [.. _bytes.Select(Encoding.Latin1.GetString)],
            Types = [.. _bytes.Select((_, id) => id is End or Start ? TokenType.Control : TokenType.Normal)],
        };
    }

    public override VocabularyData Vocabulary { get; }

    public override IReadOnlySet<int> EndTokens { get; } = new HashSet<int> { End };

    public override int[] Encode(string text, bool parseSpecial)
    {
        var (ids, rest) = (new List<int>(), Encoding.UTF8.GetBytes(text).AsMemory());
        while (rest.Length > 0)
        {
            var best = rest.Span[0];
            var id = (int)best;
            for (var candidate = 256; candidate < _bytes.Count; candidate++)
            {
                if (candidate is End or Start && !parseSpecial) continue;
                if (rest.Span.StartsWith(_bytes[candidate]) && _bytes[candidate].Length > _bytes[id].Length) id = candidate;
            }
            ids.Add(id);
            rest = rest[_bytes[id].Length..];
        }
        return [.. ids];
    }

    public override ReadOnlyMemory<byte> Bytes(int token, bool special) => token is End or Start && !special ? default : _bytes[token];

    public override string Decode(IEnumerable<int> tokens, bool special) =>
        Encoding.UTF8.GetString([.. tokens.SelectMany(token => Bytes(token, special).ToArray())]);

    public override int? Find(string token) => _bytes.FindIndex(bytes => Encoding.UTF8.GetString(bytes) == token) is >= 0 and var id ? id : null;
}
