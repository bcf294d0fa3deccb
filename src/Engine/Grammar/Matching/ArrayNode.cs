using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>An array: first items of their own kinds, then items of one kind, between a least and a most number of them.</summary>
internal sealed class ArrayNode : Container
{
    private const int Opening = 0, AfterOpening = 1, AfterValue = 2, AfterComma = 3, InValue = 4;

    public List<Node> Prefix { get; init; } = [];

    public required Node Items { get; init; }

    /// <summary>What some items must satisfy; only without first items of their own kinds.</summary>
    public ItemDemands? Demands { get; init; }

    public required int Min { get; init; }

    public required int Max { get; init; }

    public override void Begin(Frame parent, StateSpace space, List<Frame> frames) => frames.Add(space.Frame(parent, this, Opening, null));

    public override bool Check()
    {
        Demands?.Reset();
        return Min <= Max && Enumerable.Range(0, Math.Min(Min, Prefix.Count + 1)).All(i => Item(i).IsPossible) && CanFinish(0, 0);
    }

    public override int White(int state) => Unpack(state) is (AfterOpening or AfterValue or AfterComma, var white, _) ? white : -1;

    public override void First(Frame frame, StateSpace space, ref ByteSet bytes)
    {
        var (phase, white, number) = Unpack(frame.State);
        if (phase == Opening) bytes.Add((byte)'[');
        else AddSpace(white, ref bytes);
        if (white == WhitespaceAutomaton.One) return;
        if (phase is AfterOpening or AfterValue) bytes.Add("],"u8);
        if (phase is AfterOpening or AfterComma) space.AddFirst(Item(number / Progresses), frame, ref bytes);
    }

    public override void Step(Frame frame, byte value, StateSpace space, List<Frame> frames)
    {
        var (phase, white, number) = Unpack(frame.State);
        if (phase == Opening)
        {
            if (value == '[') frames.Add(space.Frame(frame.Parent, this, Pack(AfterOpening, Edge, 0), null));
            return;
        }
        if (Space(white, value) is var wider and >= 0)
        {
            frames.Add(space.Frame(frame.Parent, this, Pack(phase, wider, number), null));
            return;
        }
        if (white == WhitespaceAutomaton.One) return;
        switch (phase)
        {
            case AfterOpening or AfterValue when value == ']':
                if (MayClose(number)) space.Complete(frame, frames);
                return;
            case AfterValue:
                if (value == ',' && MayGrow(number)) frames.Add(space.Frame(frame.Parent, this, Pack(AfterComma, Gap, number), null));
                return;
            default:
                foreach (var (item, next) in NextItems(number)) space.BeginAndStep(item, space.Frame(frame.Parent, this, Pack(InValue, 0, next), null), value, frames);
                return;
        }
    }

    public override Frame Completed(Frame frame, object part, int state, StateSpace space)
    {
        var number = Unpack(frame.State).Number;
        var (count, progress) = (number / Progresses + 1, number % Progresses);
        // Beyond what matters the count stands still, so that states come again.
        if (Max == int.MaxValue) count = Math.Min(count, Math.Max(Min, Prefix.Count));
        return space.Frame(frame.Parent, this, Pack(AfterValue, Edge, count * Progresses + progress), null);
    }

    private int Progresses => Demands?.States ?? 1;

    private bool MayClose(int number) => number / Progresses >= Min && Demands?.IsMet(number % Progresses) != false;

    private bool MayGrow(int number) => NextItems(number).Any();

    /// <summary>What the next item may be, each with the number of the state while it is written.</summary>
    private IEnumerable<(Node Item, int Number)> NextItems(int number)
    {
        var (count, progress) = (number / Progresses, number % Progresses);
        if (count >= Max) yield break;
        if (Demands is null)
        {
            if (Item(count).IsPossible) yield return (Item(count), number);
            yield break;
        }
        HashSet<int> reached = [];
        for (var set = 0; set < Demands.Sets; set++)
        {
            // One that counts for more, but to no avail, is one that counts for less.
            if (Demands.Item(set).IsPossible && Demands.After(progress, set) is var next and >= 0 && reached.Add(next) && CanFinish(count + 1, next))
                yield return (Demands.Item(set), count * Progresses + next);
        }
    }

    private bool CanFinish(int count, int progress)
    {
        if (Demands is null) return true;
        if (Demands.Missing(progress) is not { } missing || count + missing > Max) return false;
        // What fills up to the least number counts for nothing, or else for a demand that is met anyway.
        return count + missing >= Min || Demands.Item(0).IsPossible || (Demands.Sets == 2 && Demands.Item(1).IsPossible && Fills(progress, Min - count));
    }

    private bool Fills(int progress, int items)
    {
        for (; items > 0 && progress >= 0 && Demands!.After(progress, 1) != progress; items--) progress = Demands.After(progress, 1);
        return progress >= 0;
    }

    private Node Item(int index) => index < Prefix.Count ? Prefix[index] : Items;
}
