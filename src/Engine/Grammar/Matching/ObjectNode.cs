using System.Numerics;
using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>An object: declared properties in any order, each at most once, and others where they are allowed.</summary>
internal sealed class ObjectNode : Container
{
    private const int Opening = 0, AfterOpening = 1, AfterValue = 2, AfterComma = 3, InKey = 4, AfterKey = 5, AfterColon = 6, InValue = 7;

    private readonly Dictionary<(BigInteger, int), SeenProperties> _seen = [];
    private NameTree? _tree;
    private PatternAutomaton? _others;

    /// <summary>The declared names in canonical spelling with quotes.</summary>
    public required IReadOnlyList<byte[]> Names { get; init; }

    public required IReadOnlyList<Node> Values { get; set; }

    public required IReadOnlySet<int> Required { get; init; }

    /// <summary>For each property, those that must come before it; null when their order is free.</summary>
    public IReadOnlyList<IReadOnlyList<int>>? Needs { get; set; }

    /// <summary>What the values of other properties may be.</summary>
    public required Node Others { get; init; }

    /// <summary>Properties that are not declared, where patterns tell them apart; then <see cref="Others"/> does not count.</summary>
    public OtherNames? Patterned { get; init; }

    public required int Min { get; init; }

    public required int Max { get; init; }

    public override void Begin(Frame parent, StateSpace space, List<Frame> frames) => frames.Add(space.Frame(parent, this, Opening, null));

    public override bool Check()
    {
        // A name may be written twice, so others count once.
        var possible = Values.Count(value => value.IsPossible) + (AllowsOthers ? 1 : 0);
        return Required.Count <= Max && Min <= Max && Min <= possible && Required.All(i => Values[i].IsPossible);
    }

    public override int White(int state) => Unpack(state) is (AfterOpening or AfterValue or AfterComma or AfterColon, var white, _) ? white : -1;

    public override void First(Frame frame, StateSpace space, ref ByteSet bytes)
    {
        var (phase, white, property) = Unpack(frame.State);
        if (phase is Opening) bytes.Add((byte)'{');
        else if (phase is AfterKey) bytes.Add((byte)':');
        else AddSpace(white, ref bytes);
        if (white == WhitespaceAutomaton.One) return;
        if (phase is AfterOpening or AfterComma) bytes.Add((byte)'"');
        if (phase is AfterOpening or AfterValue) bytes.Add("},"u8);
        if (phase is AfterColon) space.AddFirst(Value(property), frame, ref bytes);
    }

    public override void Step(Frame frame, byte value, StateSpace space, List<Frame> frames)
    {
        var (phase, white, property) = Unpack(frame.State);
        switch (phase)
        {
            case Opening:
                if (value == '{') frames.Add(space.Frame(frame.Parent, this, Pack(AfterOpening, Edge, 0), Seen(0, 0)));
                return;
            case AfterKey:
                if (value == ':') Move(frame, AfterColon, Gap, property, space, frames);
                return;
        }
        if (Space(white, value) is var wider and >= 0)
        {
            Move(frame, phase, wider, property, space, frames);
            return;
        }
        if (white == WhitespaceAutomaton.One) return;
        switch (phase)
        {
            case AfterColon:
                space.BeginAndStep(Value(property), space.Frame(frame.Parent, this, Pack(InValue, 0, 0), frame.Seen), value, frames);
                return;
            case AfterOpening or AfterComma when value == '"' && frame.Seen!.Keys is { } keys:
                var next = keys.Step(keys.Start, value);
                if (next >= 0) space.AddLexeme(space.Frame(frame.Parent, this, InKey, frame.Seen), keys, next, frames);
                return;
            case AfterOpening or AfterValue when value == '}' && frame.Seen!.MayClose:
                space.Complete(frame, frames);
                return;
            case AfterValue when value == ',' && frame.Seen!.Keys is not null:
                Move(frame, AfterComma, Gap, 0, space, frames);
                return;
        }
    }

    public override Frame Completed(Frame frame, object part, int state, StateSpace space)
    {
        if (Unpack(frame.State).Phase == InValue) return space.Frame(frame.Parent, this, Pack(AfterValue, Edge, 0), frame.Seen);
        var property = part switch { KeyAutomaton names => names.Property(state), PatternKeyAutomaton names => names.Target(state), _ => KeyAutomaton.Other };
        var seen = property < 0 || property >= Values.Count ? Seen(frame.Seen!.Declared, frame.Seen.Others + 1) : Seen(frame.Seen!.Declared | BigInteger.One << property, frame.Seen.Others);
        return space.Frame(frame.Parent, this, Pack(AfterKey, 0, property + 1), seen);
    }

    /// <summary>The value of a property by its number + 1; 0 is any that is not declared.</summary>
    private Node Value(int property) => property == 0 ? Others : property <= Values.Count ? Values[property - 1] : Patterned!.Value(property - 1 - Values.Count);

    private bool AllowsOthers => Patterned?.IsPossible ?? Others.IsPossible;

    private ByteAutomaton Keys(Func<int, bool> allowed, bool others)
    {
        _tree ??= new(Names);
        return Patterned is null ? new KeyAutomaton(_tree, allowed, others) : new PatternKeyAutomaton(_tree, allowed, Patterned, others ? _others ??= new(Patterned.Names, raw: false) : null);
    }

    private void Move(Frame frame, int phase, int white, int property, StateSpace space, List<Frame> frames) =>
        frames.Add(space.Frame(frame.Parent, this, Pack(phase, white, property), frame.Seen));

    private SeenProperties Seen(BigInteger declared, int others)
    {
        if (Max == int.MaxValue) others = Math.Min(others, 1);
        if (_seen.TryGetValue((declared, others), out var known)) return known;
        var open = Required.Count(i => (declared >> i & 1) == 0);
        var room = Max - Count(declared) - others;
        // One more name must be left for each required property, and for each of the least number.
        var requiredOnly = room <= open;
        var missing = Min - Count(declared) - Math.Min(others, 1);
        var fresh = Enumerable.Range(0, Values.Count).Count(i => (declared >> i & 1) == 0 && Values[i].IsPossible);
        var others_ = AllowsOthers && !requiredOnly && (room > open + 1 || missing <= fresh);
        bool Allowed(int i) => (declared >> i & 1) == 0 && Values[i].IsPossible && (!requiredOnly || Required.Contains(i)) && Needs?[i].All(other => (declared >> other & 1) != 0) != false;
        var any = room > 0 && (others_ || Enumerable.Range(0, Values.Count).Any(Allowed));
        var keys = any ? Keys(Allowed, others_) : null;
        return _seen[(declared, others)] = new(declared, others, keys, open == 0 && missing <= 0);
    }

    private static int Count(BigInteger bits)
    {
        var count = 0;
        foreach (var value in bits.ToByteArray(isUnsigned: true)) count += BitOperations.PopCount(value);
        return count;
    }
}
