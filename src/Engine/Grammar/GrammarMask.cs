using AgentRuntime.Engine.Grammar.Matching;
using AgentRuntime.Engine.Sampling;

namespace AgentRuntime.Engine.Grammar;

/// <summary>Holds one generation to a grammar.</summary>
internal sealed class GrammarMask : ITokenMask
{
    private readonly TokenGrammar _grammar;
    private readonly ThinkingBudget? _budget;
    private MatchState _state;

    public GrammarMask(TokenGrammar grammar) : this(grammar, grammar.Start, null) { }

    /// <summary>Starts in a state of the grammar; a budget bounds reasoning where the grammar is that of a reply.</summary>
    public GrammarMask(TokenGrammar grammar, MatchState start, ThinkingBudget? budget)
    {
        (_grammar, _budget) = (grammar, budget);
        _state = budget?.Apply(grammar, start, []) ?? start;
    }

    public ReadOnlySpan<ulong> Allowed => _grammar.Mask(_state);

    /// <summary>Whether the text so far is complete.</summary>
    public bool MayEnd => _state.MayEnd;

    public TokenGrammar Grammar => _grammar;

    /// <summary>What is being written.</summary>
    public MatchState State => _state;

    public IReadOnlyList<int> Forced(ReadOnlySpan<int> history) => _grammar.Forced(_state, history);

    public void Prepare()
    {
        if (_state.Mask is null) ThreadPool.UnsafeQueueUserWorkItem(static next => next.Grammar.TryMask(next.State), (Grammar: _grammar, State: _state), preferLocal: false);
    }

    public void Accept(int token)
    {
        // What follows the end is no part of the text.
        if (_state.MayEnd && _grammar.Ends(token)) return;
        _state = _grammar.After(_state, token) ?? throw new GrammarException($"Token {token} does not fit the constraint.");
        if (_budget is not null) _state = _budget.Apply(_grammar, _state, _grammar.BytesOf(token).Span);
    }
}
