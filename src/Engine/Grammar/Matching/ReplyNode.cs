namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>
/// A whole reply: places of free or fixed text that lead to each other, to the arguments of a tool, or to the end. What
/// follows the arguments is the same place for all tools.
/// </summary>
internal sealed class ReplyNode : Container
{
    /// <summary>The target after which nothing follows.</summary>
    public const int End = int.MaxValue;

    private const int InPlace = 1, BeforeArguments = 2, InArguments = 3, Done = 4;

    public required IReadOnlyList<ReplyPlace> Places { get; init; }

    /// <summary>The place where a reply starts.</summary>
    public required int Start { get; init; }

    /// <summary>The place after a call's arguments.</summary>
    public required int AfterArguments { get; init; }

    /// <summary>The arguments of each tool.</summary>
    public required IReadOnlyList<Node> Arguments { get; init; }

    /// <summary>The target that stands for the arguments of a tool; places are their own targets.</summary>
    public static int Tool(int index) => ~index;

    public override void Begin(Frame parent, StateSpace space, List<Frame> frames) => frames.Add(At(Start, space));

    public override bool Check() => true;

    /// <summary>The frame at the beginning of a place.</summary>
    public Frame At(int place, StateSpace space) =>
        space.Lexeme(space.Frame(null, this, Pack(InPlace, 0, place), null), Places[place].Text, Places[place].Text.Start);

    /// <summary>The place that a state is in, or null.</summary>
    public ReplyPlace? PlaceOf(MatchState state) =>
        state.Tops is [{ Parent: { } parent }] && parent.Owner == this && Unpack(parent.State) is (InPlace, _, var place) ? Places[place] : null;

    public override bool MayEnd(int state) => Unpack(state) switch
    {
        (Done, _, _) => true,
        (InPlace, _, var place) => Places[place].MayEnd,
        _ => false,
    };

    public override void Step(Frame frame, byte value, StateSpace space, List<Frame> frames)
    {
        if (Unpack(frame.State) is (BeforeArguments, _, var tool))
            space.BeginAndStep(Arguments[tool], space.Frame(null, this, Pack(InArguments, 0, tool), null), value, frames);
    }

    public override Frame Completed(Frame frame, object part, int state, StateSpace space)
    {
        if (Unpack(frame.State).Phase == InArguments) return At(AfterArguments, space);
        var target = ((Automata.BranchAutomaton)part).Target(state);
        return target switch
        {
            End => space.Frame(null, this, Done, null),
            >= 0 => At(target, space),
            _ => space.Frame(null, this, Pack(BeforeArguments, 0, ~target), null),
        };
    }
}
