using AgentRuntime.Engine.Grammar.Matching;
using AgentRuntime.Engine.Sampling;

namespace AgentRuntime.Engine.Grammar.Grounding;

/// <summary>Holds one reply to a grammar, and the grounded arguments of its calls to values that exist. Where none is left, the reply can only end.</summary>
internal sealed class GroundedMask : ITokenMask
{
    /// <summary>Nodes of the token tree that a mask has to visit to be worth keeping.</summary>
    private const int CostlyNodes = 512;

    private const int MaxForcedBytes = 1024;

    private readonly GroundedGrammar _grounded;
    private readonly TokenGrammar _grammar;
    private readonly TokenTrie _trie;
    private readonly GrammarMask _inner;
    private readonly Func<ParameterNode, CallInProgress, ValueDomain?> _ask;
    private readonly Dictionary<(string Tool, string Parameter), Lazy<ValueDomain?>> _asked = [];
    private (string? Tool, CallInProgress Call) _askedFor;
    private Ground _ground = Ground.Between(CallInProgress.Start);
    private ValueDomain? _lastDomain;
    private int _visited;
    private bool _entered;

    /// <param name="grounded">The grammar.</param>
    /// <param name="inner">The mask of the grammar alone, before the first token.</param>
    public GroundedMask(GroundedGrammar grounded, GrammarMask inner)
    {
        (_grounded, _grammar, _trie, _inner) = (grounded, grounded.Grammar, grounded.Grammar.Trie, inner);
        _ask = Ask;
    }

    /// <inheritdoc/>
    public string? DeadEnd { get; private set; }

    /// <summary>Whether the reply may end here.</summary>
    public bool MayEnd => _inner.MayEnd;

    /// <summary>Whether a grounded value is being written.</summary>
    public bool IsInside => _ground.Value is not null;

    public ReadOnlySpan<ulong> Allowed
    {
        get
        {
            lock (_grammar.Gate)
            {
                var mask = _ground.Value is { } value ? Inside(value) : Outside();
                if (mask.AsSpan().IndexOfAnyExcept(0UL) >= 0) return mask;
                DeadEnd = (_ground.Value?.Domain ?? _lastDomain)?.Otherwise ?? "no value fits";
                return End();
            }
        }
    }

    public void Prepare()
    {
        if (_ground.Value is null) _inner.Prepare();
    }

    public IReadOnlyList<int> Forced(ReadOnlySpan<int> history)
    {
        lock (_grammar.Gate)
        {
            var forced = _ground.Value is null ? _inner.Forced(history) : ForcedInside(history);
            var (state, ground) = (_inner.State, _ground);
            for (var i = 0; i < forced.Count; i++)
            {
                if (!TryFollow(_grammar.BytesOf(forced[i]).Span, ref state, ref ground)) return [.. forced.Take(i)];
            }
            return forced;
        }
    }

    public void Accept(int token)
    {
        lock (_grammar.Gate)
        {
            if (_grammar.Ends(token) && (_inner.State.MayEnd || DeadEnd is not null)) return;
            var (state, ground) = (_inner.State, _ground);
            if (!TryFollow(_grammar.BytesOf(token).Span, ref state, ref ground)) throw new GrammarException($"Token {token} does not fit the constraint.");
            _inner.Accept(token);
            _ground = ground;
            if (ground.Parameter is null) AskAhead();
        }
    }

    /// <summary>Whether a token may follow, found out by its bytes alone.</summary>
    internal bool MayFollow(int token)
    {
        lock (_grammar.Gate)
        {
            var (state, ground) = (_inner.State, _ground);
            var bytes = _grammar.BytesOf(token).Span;
            return _grammar.Ends(token) ? state.MayEnd : bytes.Length > 0 && TryFollow(bytes, ref state, ref ground);
        }
    }

    /// <summary>The mask within a grounded value.</summary>
    private ulong[] Inside(GroundedValue value)
    {
        if (value.FindMask(_inner.State, _ground.At) is { } kept) return kept;
        var mask = new ulong[(_trie.VocabularySize + 63) / 64];
        (_visited, _entered) = (0, false);
        Walk(mask, 0, _inner.State, _ground);
        if (_visited >= CostlyNodes && !_entered) value.Keep(_inner.State, _ground.At, mask);
        return mask;
    }

    /// <summary>The grammar's mask, except for tokens that reach into a grounded value.</summary>
    private ulong[] Outside()
    {
        var mask = _grammar.Mask(_inner.State);
        var entries = _grounded.Entries(_inner.State);
        if (entries.Length == 0) return mask;
        mask = [.. mask];
        foreach (var node in entries)
        {
            for (var i = _trie.FirstToken[node]; i < _trie.FirstToken[node + _trie.Sizes[node]]; i++) mask[_trie.Tokens[i] >> 6] &= ~(1UL << _trie.Tokens[i]);
            var (state, ground) = (_inner.State, _ground);
            if (TryFollow(_trie.PathTo(node), ref state, ref ground)) Add(mask, node, state, ground);
        }
        return mask;
    }

    private ulong[] End()
    {
        var mask = new ulong[(_trie.VocabularySize + 63) / 64];
        foreach (var token in _trie.EndTokens) mask[token >> 6] |= 1UL << token;
        return mask;
    }

    private void Walk(ulong[] mask, int node, MatchState state, in Ground ground)
    {
        var end = node + _trie.Sizes[node];
        for (var child = node + 1; child < end; child += _trie.Sizes[child])
        {
            var value = _trie.Values[child];
            if (_grammar.Space.Step(state, value) is { } next && GroundedGrammar.TryStep(state, value, next, ground, _ask, out var after)) Add(mask, child, next, after);
        }
    }

    private void Add(ulong[] mask, int node, MatchState state, in Ground ground)
    {
        _visited++;
        for (var i = _trie.FirstToken[node]; i < _trie.FirstToken[node + 1]; i++) mask[_trie.Tokens[i] >> 6] |= 1UL << _trie.Tokens[i];
        if (_trie.Sizes[node] > 1) Walk(mask, node, state, ground);
    }

    private bool TryFollow(ReadOnlySpan<byte> bytes, ref MatchState state, ref Ground ground)
    {
        foreach (var value in bytes)
        {
            if (_grammar.Space.Step(state, value) is not { } next || !GroundedGrammar.TryStep(state, value, next, ground, _ask, out ground)) return false;
            state = next;
        }
        return true;
    }

    /// <summary>The text that a value goes on with whatever the model prefers.</summary>
    private int[] ForcedInside(ReadOnlySpan<int> history)
    {
        var (state, ground) = (_inner.State, _ground);
        List<byte> forced = [];
        byte[] following;
        while ((following = Following(state, ground)) is [var only] && forced.Count < MaxForcedBytes)
        {
            forced.Add(only);
            TryFollow([only], ref state, ref ground);
        }
        return forced.Count == 0 ? [] : _grammar.Cut(history, [.. forced], following);
    }

    private byte[] Following(MatchState state, Ground ground) =>
        [.. _grammar.Space.Following(state).Where(value => GroundedGrammar.TryStep(state, value, _grammar.Space.Step(state, value)!, ground, _ask, out _))];

    /// <summary>Has the tool's domains made while the model writes names and punctuation.</summary>
    private void AskAhead()
    {
        if (GroundedGrammar.ToolOf(_inner.State) is not { } tool || _askedFor == (tool, _ground.Call)) return;
        _askedFor = (tool, _ground.Call);
        _asked.Clear();
        var call = _ground.Call;
        foreach (var key in _grounded.Grounding.Parameters)
        {
            if (key.Tool != tool || call.Arguments.ContainsKey(key.Parameter)) continue;
            // Whoever comes first makes it, so that nothing waits for a thread to be free.
            var asked = _asked[key] = new(() => _grounded.Grounding.Ask(key.Tool, key.Parameter, call));
            _ = Task.Run(() => asked.Value);
        }
    }

    private ValueDomain? Ask(ParameterNode parameter, CallInProgress call)
    {
        _entered = true;
        var key = (parameter.Tool, parameter.Name);
        if (!_grounded.Grounding.Holds(parameter.Tool, parameter.Name)) return null;
        var domain = _askedFor.Call == call && _asked.TryGetValue(key, out var ahead) ? ahead.Value : _grounded.Grounding.Ask(parameter.Tool, parameter.Name, call);
        return domain is null ? null : _lastDomain = domain;
    }
}
