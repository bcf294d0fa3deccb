using System.Numerics;
using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>The arguments of a call where each stands between tags of its own: in any order, each at most once.</summary>
internal sealed class TaggedArgumentsNode : Container
{
    private const int InTag = 1, BeforeValue = 2, InValue = 3, Close = -1;

    private readonly Dictionary<BigInteger, (SeenProperties Seen, LiteralBranches Tags)> _seen = [];

    /// <summary>What stands before the value of each parameter.</summary>
    public required IReadOnlyList<byte[]> Tags { get; init; }

    /// <summary>The values, each with its closing tag.</summary>
    public required IReadOnlyList<Node> Values { get; init; }

    public required IReadOnlySet<int> Required { get; init; }

    /// <summary>For each parameter, those that must come before it; null when their order is free.</summary>
    public IReadOnlyList<IReadOnlyList<int>>? Needs { get; init; }

    /// <summary>Least number of arguments.</summary>
    public required int Min { get; init; }

    /// <summary>Most of them.</summary>
    public required int Max { get; init; }

    public override void Begin(Frame parent, StateSpace space, List<Frame> frames) => frames.Add(Next(parent, 0, space));

    public override bool Check() =>
        Required.Count <= Max && Min <= Max && Min <= Values.Count(value => value.IsPossible) && Required.All(i => Values[i].IsPossible);

    public override void Step(Frame frame, byte value, StateSpace space, List<Frame> frames)
    {
        if (Unpack(frame.State) is (BeforeValue, _, var parameter))
            space.BeginAndStep(Values[parameter], space.Frame(frame.Parent, this, Pack(InValue, 0, parameter), frame.Seen), value, frames);
    }

    public override Frame Completed(Frame frame, object part, int state, StateSpace space)
    {
        var (phase, _, parameter) = Unpack(frame.State);
        if (phase == InValue) return Next(frame.Parent!, frame.Seen!.Declared | BigInteger.One << parameter, space);
        return ((LiteralBranches)part).Target(state) switch
        {
            Close => space.After(frame),
            var next => space.Frame(frame.Parent, this, Pack(BeforeValue, 0, next), frame.Seen),
        };
    }

    private Frame Next(Frame parent, BigInteger written, StateSpace space)
    {
        if (!_seen.TryGetValue(written, out var next)) _seen[written] = next = After(written);
        return space.Lexeme(space.Frame(parent, this, InTag, next.Seen), next.Tags, next.Tags.Start);
    }

    private (SeenProperties, LiteralBranches) After(BigInteger written)
    {
        var count = Enumerable.Range(0, Values.Count).Count(i => (written >> i & 1) != 0);
        var open = Required.Where(i => (written >> i & 1) == 0).ToList();
        bool MayCome(int i) => (written >> i & 1) == 0 && Values[i].IsPossible && count < Max && (count + open.Count < Max || open.Contains(i))
            && Needs?[i].All(other => (written >> other & 1) != 0) != false;
        var branches = Enumerable.Range(0, Values.Count).Where(MayCome).Select(i => (Tags[i], i)).ToList();
        var mayClose = open.Count == 0 && count >= Min;
        if (mayClose) branches.Add(([], Close));
        return (new(written, 0, null, mayClose), new(branches));
    }
}
