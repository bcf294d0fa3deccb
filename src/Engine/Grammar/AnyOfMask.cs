using AgentRuntime.Engine.Sampling;
using AgentRuntime.Engine.Tokenization;

namespace AgentRuntime.Engine.Grammar;

/// <summary>Holds the text to any of several masks: to those of them that have allowed every token so far.</summary>
internal sealed class AnyOfMask(Tokenizer tokenizer, params IReadOnlyList<ITokenMask> masks) : ITokenMask
{
    private readonly ulong[] _allowed = new ulong[(tokenizer.VocabularySize + 63) / 64];
    private List<ITokenMask> _left = [.. masks];

    public ReadOnlySpan<ulong> Allowed
    {
        get
        {
            if (_left.Count == 1) return _left[0].Allowed;
            Array.Clear(_allowed);
            foreach (var mask in _left)
            {
                var allowed = mask.Allowed;
                if (allowed.IsEmpty) return [];
                for (var i = 0; i < Math.Min(allowed.Length, _allowed.Length); i++) _allowed[i] |= allowed[i];
            }
            return _allowed;
        }
    }

    public IReadOnlyList<int> Forced(ReadOnlySpan<int> history) => _left.Count == 1 ? _left[0].Forced(history) : [];

    public void Accept(int token)
    {
        if (_left.Count > 1) _left = _left.FindAll(mask => Allows(mask.Allowed, token));
        if (_left.Count == 0) throw new GrammarException($"Token {token} fits none of the constraints.");
        foreach (var mask in _left) mask.Accept(token);
    }

    private static bool Allows(ReadOnlySpan<ulong> allowed, int token) =>
        allowed.IsEmpty || (token / 64 < allowed.Length && (allowed[token / 64] >> (token % 64) & 1) == 1);
}
