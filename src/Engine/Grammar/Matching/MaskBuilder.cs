using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>Computes the tokens that may follow a state.</summary>
internal sealed class MaskBuilder(TokenTrie trie, StateSpace space)
{
    private readonly Dictionary<(ByteAutomaton, int), LexemeMask> _own = [];
    private readonly ulong[] _scratch = new ulong[(trie.VocabularySize + 63) / 64];

    /// <summary>The allowed tokens, a bit each; end tokens when the text is complete.</summary>
    public ulong[] Build(MatchState state)
    {
        var mask = new ulong[(trie.VocabularySize + 63) / 64];
        List<Frame> structure = [];
        foreach (var top in state.Tops)
        {
            if (top.Owner is KeyAutomaton keys)
            {
                AddNames(mask, top, keys, 0);
                continue;
            }
            if (top.Owner is not ByteAutomaton automaton)
            {
                structure.Add(top);
                continue;
            }
            if (automaton is BranchAutomaton branches) AddBranches(mask, top.Parent!, branches, top.State, 0);
            else Add(mask, top, automaton, 0);
            if (automaton.Accepts(top.State)) space.Complete(top, structure);
        }
        if (structure.Count > 0) WalkFrom(mask, space.State(structure), 0);
        if (state.MayEnd)
        {
            foreach (var token in trie.EndTokens) mask[token >> 6] |= 1UL << token;
        }
        return mask;
    }

    private void Add(ulong[] mask, Frame frame, ByteAutomaton automaton, int node)
    {
        var part = automaton.IsShared ? trie.Mask(automaton, frame.State, node) : Own(automaton, frame.State);
        part.AddTo(mask);
        if (part.Exits.Length > 0) Leave(mask, part, space.State([space.After(frame)]));
    }

    /// <summary>Adds the tokens that go on after the end of a piece.</summary>
    private void Leave(ulong[] mask, LexemeMask part, MatchState after)
    {
        var first = space.First(after);
        foreach (var (value, nodes) in part.Tails(trie))
        {
            if (!first.Contains(value) || space.Step(after, value) is not { } next) continue;
            foreach (var node in nodes) Enter(mask, next, node);
        }
    }

    /// <summary>Pieces whose end says what follows: after each end goes on what it leads to.</summary>
    private void AddBranches(ulong[] mask, Frame parent, BranchAutomaton automaton, int state, int node)
    {
        var end = node + trie.Sizes[node];
        for (var child = node + 1; child < end; child += trie.Sizes[child])
        {
            var next = automaton.Step(state, trie.Values[child]);
            if (next < 0) continue;
            AddTokens(mask, child);
            if (trie.Sizes[child] == 1) continue;
            if (automaton.Accepts(next)) WalkFrom(mask, space.State([((Container)parent.Owner).Completed(parent, automaton, next, space)]), child);
            if (!automaton.Continues(next)) continue;
            // Without a quote below there is no end below either.
            if (trie.Sizes[child] >= LexemeMask.WorthSharing && automaton.Resembles(next, trie.Classes[child], trie.Heights[child]) is ({ } alike, var same)) trie.Mask(alike, same, child).AddTo(mask);
            else AddBranches(mask, parent, automaton, next, child);
        }
    }

    private LexemeMask Own(ByteAutomaton automaton, int state)
    {
        if (automaton.Resembles(state, trie.Classes[0], trie.LongestToken) is ({ } shared, var same)) return trie.Mask(shared, same, 0);
        if (_own.TryGetValue((automaton, state), out var mask)) return mask;
        // A long generation under counted lengths makes a mask a token.
        if (_own.Count > 1000) _own.Clear();
        return _own[(automaton, state)] = new LexemeMask(trie, automaton, state, 0);
    }

    private void Walk(ulong[] mask, MatchState state, int node)
    {
        var first = space.First(state);
        var end = node + trie.Sizes[node];
        for (var child = node + 1; child < end; child += trie.Sizes[child])
        {
            if (first.Contains(trie.Values[child]) && space.Step(state, trie.Values[child]) is { } next) Enter(mask, next, child);
        }
    }

    /// <summary>Adds what a node and its subtree hold, in the state after the node's byte.</summary>
    private void Enter(ulong[] mask, MatchState state, int node)
    {
        AddTokens(mask, node);
        if (trie.Sizes[node] > 1) WalkFrom(mask, state, node);
    }

    private void AddTokens(ulong[] mask, int node)
    {
        for (var i = trie.FirstToken[node]; i < trie.FirstToken[node + 1]; i++) mask[trie.Tokens[i] >> 6] |= 1UL << trie.Tokens[i];
    }

    /// <summary>
    /// What a state allows is what its frames allow. Those within strings and names have it nearly ready, and so has
    /// whitespace; the others go on together.
    /// </summary>
    private void WalkFrom(ulong[] mask, MatchState state, int node)
    {
        if (state.Tops is [{ Owner: Container only } single])
        {
            if (only.White(single.State) is var white and >= 0) AfterSpace(mask, state.Tops, white, node);
            else Walk(mask, state, node);
            return;
        }
        if (state.Tops is [{ Owner: BranchAutomaton }])
        {
            Walk(mask, state, node);
            return;
        }
        List<Frame> others = [];
        foreach (var group in state.Tops.GroupBy(top => top.Owner is Container container ? container.White(top.State) : -1))
        {
            if (group.Key >= 0)
            {
                AfterSpace(mask, group, group.Key, node);
                continue;
            }
            foreach (var top in group)
            {
                if (top.Owner is JsonStringAutomaton text && !text.Accepts(top.State)) Add(mask, top, text, node);
                else if (top.Owner is KeyAutomaton keys) AddNames(mask, top, keys, node);
                else others.Add(top);
            }
        }
        if (others.Count > 0) Walk(mask, others.Count == state.Tops.Length ? state : space.State(others), node);
    }

    private void AfterSpace(ulong[] mask, IEnumerable<Frame> frames, int white, int node)
    {
        // With whitespace done, what comes next is the same after any amount of it.
        var state = space.State([.. frames.Select(frame => space.Frame(frame.Parent, frame.Owner, Container.WithoutSpace(frame.State), frame.Seen))]);
        if (WhitespaceAutomaton.Shared.Accepts(white)) Walk(mask, state, node);
        if (white == WhitespaceAutomaton.Full) return;
        var part = trie.Mask(WhitespaceAutomaton.Shared, white, node);
        part.AddTo(mask);
        Leave(mask, part, state);
    }

    /// <summary>Names: what follows depends on the name, so declared ones are taken byte by byte; the others are strings like any.</summary>
    private void AddNames(ulong[] mask, Frame frame, KeyAutomaton keys, int node)
    {
        List<int> closings = [];
        AddDeclared(mask, frame, keys, frame.State, node, closings);
        var other = keys.OtherState(frame.State);
        if (other < 0) return;
        var part = trie.Mask(JsonStringAutomaton.Canonical, other, node);
        var after = space.State([((Container)frame.Parent!.Owner).Completed(frame.Parent, JsonStringAutomaton.Canonical, JsonStringAutomaton.End, space)]);
        if (closings.Count == 0)
        {
            part.AddTo(mask);
            Leave(mask, part, after);
            return;
        }
        // Where a declared name closes, the string is that name and no other.
        Array.Clear(_scratch);
        part.AddTo(_scratch);
        foreach (var closing in closings)
        {
            for (var i = trie.FirstToken[closing]; i < trie.FirstToken[closing + trie.Sizes[closing]]; i++) _scratch[trie.Tokens[i] >> 6] &= ~(1UL << trie.Tokens[i]);
        }
        LexemeMask.Or(mask, _scratch);
        foreach (var exit in part.Exits)
        {
            if (!closings.Contains(exit)) Walk(mask, after, exit);
        }
    }

    /// <summary>Follows the declared names down the tree; collects the nodes at which one closes.</summary>
    private void AddDeclared(ulong[] mask, Frame frame, KeyAutomaton keys, int state, int node, List<int> closings)
    {
        foreach (var (value, next) in keys.Declared(state))
        {
            var child = trie.Child(node, value);
            if (child < 0) continue;
            if (next >= 0 && !keys.Accepts(next))
            {
                if (!keys.AllowsOthers) AddTokens(mask, child);
                AddDeclared(mask, frame, keys, next, child, closings);
                continue;
            }
            closings.Add(child);
            if (next < 0) continue;
            List<Frame> frames = [];
            space.AddLexeme(frame.Parent!, keys, next, frames);
            Enter(mask, space.State(frames), child);
        }
    }
}
