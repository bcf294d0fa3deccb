using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>The pushdown automaton of a grammar, made as it is used: equal frames and states are one object. For one thread at a time.</summary>
internal sealed class StateSpace
{
    private const int MaxFrames = 100_000, MaxAlternatives = 2_000;

    private readonly Dictionary<(Frame?, object, int, SeenProperties?), Frame> _frames = [];
    private readonly Dictionary<string, MatchState> _states = new(StringComparer.Ordinal);
    private readonly List<Frame> _stepped = [];
    private int _nextId;

    public StateSpace(Container root)
    {
        List<Frame> frames = [];
        root.Begin(Frame(null, root, 0, null), this, frames);
        Start = State(frames);
    }

    /// <summary>The state before the first byte.</summary>
    public MatchState Start { get; }

    /// <summary>The state after a byte, or null.</summary>
    public MatchState? Step(MatchState state, byte value)
    {
        if (state.TryNext(value, out var known)) return known;
        _stepped.Clear();
        foreach (var top in state.Tops) Step(top, value, _stepped);
        var next = _stepped.Count == 0 ? null : State(_stepped);
        state.Remember(value, next);
        return next;
    }

    /// <summary>The bytes that may follow a state.</summary>
    public byte[] Following(MatchState state)
    {
        if (state.Following is { } known) return known;
        var first = First(state);
        List<byte> bytes = [];
        for (var value = 0; value < 256; value++)
        {
            if (first.Contains((byte)value) && Step(state, (byte)value) is not null) bytes.Add((byte)value);
        }
        return state.Following = [.. bytes];
    }

    /// <summary>The bytes that may follow a state, or more: what is quick to know.</summary>
    public ByteSet First(MatchState state)
    {
        if (state.First is { } known) return known;
        ByteSet bytes = default;
        foreach (var top in state.Tops) AddFirst(top, ref bytes);
        state.First = bytes;
        return bytes;
    }

    /// <summary>Adds the bytes with which a value may begin, or more.</summary>
    public void AddFirst(Node node, Frame parent, ref ByteSet bytes)
    {
        List<Frame> starts = [];
        node.Begin(parent, this, starts);
        foreach (var start in starts) AddFirst(start, ref bytes);
    }

    /// <summary>The frame with these parts.</summary>
    public Frame Frame(Frame? parent, object owner, int state, SeenProperties? seen)
    {
        if (_frames.TryGetValue((parent, owner, state, seen), out var frame)) return frame;
        // Old frames stay valid for who holds them; forgetting them costs only that they are made again.
        if (_frames.Count >= MaxFrames)
        {
            _frames.Clear();
            _states.Clear();
        }
        return _frames[(parent, owner, state, seen)] = new Frame(_nextId++, parent, owner, state, seen);
    }

    /// <summary>Adds a lexical piece in a state; one that is complete gives way to what comes after it.</summary>
    public void AddLexeme(Frame parent, ByteAutomaton automaton, int state, List<Frame> frames) => frames.Add(Lexeme(parent, automaton, state));

    /// <summary>The frame of a lexical piece in a state, or when the piece is complete, of what comes after it.</summary>
    public Frame Lexeme(Frame parent, ByteAutomaton automaton, int state)
    {
        (automaton, state) = automaton.Simplify(state);
        return automaton.Accepts(state) && !automaton.Continues(state)
            ? ((Container)parent.Owner).Completed(parent, automaton, state, this)
            : Frame(parent, automaton, state, null);
    }

    /// <summary>Adds the frame after a completed part.</summary>
    public void Complete(Frame frame, List<Frame> frames) => frames.Add(After(frame));

    /// <summary>The frame after a completed part.</summary>
    public Frame After(Frame frame) => ((Container)frame.Parent!.Owner).Completed(frame.Parent, frame.Owner, frame.State, this);

    /// <summary>Adds what a value is after its first byte.</summary>
    public void BeginAndStep(Node node, Frame parent, byte value, List<Frame> frames)
    {
        List<Frame> starts = [];
        node.Begin(parent, this, starts);
        foreach (var start in starts) Step(start, value, frames);
    }

    /// <summary>The state of these frames.</summary>
    public MatchState State(List<Frame> frames)
    {
        if (frames.Count == 1) return frames[0].Alone ??= new MatchState([frames[0]], MayEnd(frames[0]));
        var tops = frames.Distinct().OrderBy(frame => frame.Id).ToArray();
        if (tops.Length == 1) return State([tops[0]]);
        if (tops.Length > MaxAlternatives) throw new GrammarException("The constraint is too ambiguous: too many readings of the same text; make its alternatives differ earlier.");
        var key = string.Create(tops.Length * 2, tops, static (span, tops) =>
        {
            for (var i = 0; i < tops.Length; i++) (span[2 * i], span[2 * i + 1]) = ((char)tops[i].Id, (char)(tops[i].Id >> 16));
        });
        if (!_states.TryGetValue(key, out var state)) _states[key] = state = new MatchState(tops, tops.Any(MayEnd));
        return state;
    }

    private void AddFirst(Frame frame, ref ByteSet bytes)
    {
        if (frame.Owner is Container container)
        {
            container.First(frame, this, ref bytes);
            return;
        }
        var automaton = (ByteAutomaton)frame.Owner;
        bytes.Add(automaton, frame.State);
        if (automaton.Accepts(frame.State)) AddFirst(After(frame), ref bytes);
    }

    private void Step(Frame frame, byte value, List<Frame> frames)
    {
        if (frame.Owner is Container container)
        {
            container.Step(frame, value, this, frames);
            return;
        }
        var automaton = (ByteAutomaton)frame.Owner;
        if (automaton.Step(frame.State, value) is var next and >= 0) AddLexeme(frame.Parent!, automaton, next, frames);
        if (automaton.Accepts(frame.State)) Step(After(frame), value, frames);
    }

    private bool MayEnd(Frame frame) => frame.Owner is Container container
        ? container.MayEnd(frame.State)
        : ((Container)frame.Parent!.Owner).MayEnd(frame.Parent.State) || (((ByteAutomaton)frame.Owner).Accepts(frame.State) && MayEnd(After(frame)));
}
