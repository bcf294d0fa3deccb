using AgentRuntime.Engine.Grammar.Matching;

namespace AgentRuntime.Engine.Grammar;

/// <summary>Counts the tokens of reasoning sections and closes them when there were enough. For one generation.</summary>
/// <param name="reply">The outline of the reply.</param>
/// <param name="tokens">Most tokens of reasoning.</param>
internal sealed class ThinkingBudget(ReplyNode reply, int tokens)
{
    private int _left = tokens;
    private int _openBytes;

    /// <summary>The state in which the generation goes on: the given one, or the one that writes the closing mark.</summary>
    /// <param name="grammar">The grammar of the reply.</param>
    /// <param name="state">The state after a token.</param>
    /// <param name="token">The token; empty at the start.</param>
    public MatchState Apply(TokenGrammar grammar, MatchState state, ReadOnlySpan<byte> token)
    {
        foreach (var value in token)
        {
            // A character is not cut in two.
            _openBytes = value switch { < 0x80 => 0, < 0xC0 => Math.Max(0, _openBytes - 1), < 0xE0 => 1, < 0xF0 => 2, _ => 3 };
        }
        if (reply.PlaceOf(state)?.Close is not { } close) return state;
        if (!token.IsEmpty) _left--;
        return _left <= 0 && _openBytes == 0 ? grammar.At(space => reply.At(close, space)) : state;
    }
}
