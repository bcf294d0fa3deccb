using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>An array: first items of their own kinds, then items of one kind, between a least and a most number of them.</summary>
internal sealed class ArrayNode : Container
{
    private const int Opening = 0, AfterOpening = 1, AfterValue = 2, AfterComma = 3, InValue = 4;

    public List<Node> Prefix { get; init; } = [];

    public required Node Items { get; init; }

    public required int Min { get; init; }

    public required int Max { get; init; }

    public override void Begin(Frame parent, StateSpace space, List<Frame> frames) => frames.Add(space.Frame(parent, this, Opening, null));

    public override bool Check() => Min <= Max && Enumerable.Range(0, Math.Min(Min, Prefix.Count + 1)).All(i => Item(i).IsPossible);

    public override int White(int state) => Unpack(state) is (AfterOpening or AfterValue or AfterComma, var white, _) ? white : -1;

    public override void First(Frame frame, StateSpace space, ref ByteSet bytes)
    {
        var (phase, white, count) = Unpack(frame.State);
        if (phase == Opening) bytes.Add((byte)'[');
        else AddSpace(white, ref bytes);
        if (white == WhitespaceAutomaton.One) return;
        if (phase is AfterOpening or AfterValue) bytes.Add("],"u8);
        if (phase is AfterOpening or AfterComma) space.AddFirst(Item(count), frame, ref bytes);
    }

    public override void Step(Frame frame, byte value, StateSpace space, List<Frame> frames)
    {
        var (phase, white, count) = Unpack(frame.State);
        if (phase == Opening)
        {
            if (value == '[') frames.Add(space.Frame(frame.Parent, this, Pack(AfterOpening, Edge, 0), null));
            return;
        }
        if (Space(white, value) is var wider and >= 0) frames.Add(space.Frame(frame.Parent, this, Pack(phase, wider, count), null));
        else if (white == WhitespaceAutomaton.One) return;
        else if (value == ']' && phase != AfterComma) { if (count >= Min) space.Complete(frame, frames); }
        else if (phase == AfterValue) { if (value == ',' && MayGrow(count)) frames.Add(space.Frame(frame.Parent, this, Pack(AfterComma, Gap, count), null)); }
        else if (MayGrow(count)) space.BeginAndStep(Item(count), space.Frame(frame.Parent, this, Pack(InValue, 0, count), null), value, frames);
    }

    public override Frame Completed(Frame frame, object part, int state, StateSpace space)
    {
        var count = Unpack(frame.State).Number + 1;
        // Beyond what matters the count stands still, so that states come again.
        if (Max == int.MaxValue) count = Math.Min(count, Math.Max(Min, Prefix.Count));
        return space.Frame(frame.Parent, this, Pack(AfterValue, Edge, count), null);
    }

    private bool MayGrow(int count) => count < Max && Item(count).IsPossible;

    private Node Item(int index) => index < Prefix.Count ? Prefix[index] : Items;
}
