using AgentRuntime.Engine.Grammar.Matching;
using AgentRuntime.Engine.Sampling;

namespace AgentRuntime.Engine.Grammar;

/// <summary>Holds one generation to a grammar.</summary>
internal sealed class GrammarMask(TokenGrammar grammar) : ITokenMask
{
    private MatchState _state = grammar.Start;

    public ReadOnlySpan<ulong> Allowed => grammar.Mask(_state);

    /// <summary>Whether the text so far is complete.</summary>
    public bool MayEnd => _state.MayEnd;

    public IReadOnlyList<int> Forced(ReadOnlySpan<int> history) => grammar.Forced(_state, history);

    public void Accept(int token)
    {
        // What follows the end is no part of the text.
        if (_state.MayEnd && grammar.Ends(token)) return;
        _state = grammar.After(_state, token) ?? throw new GrammarException($"Token {token} does not fit the constraint.");
    }
}
