namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>One of several; nothing when there are none. A reference that is compiled later starts as an empty one.</summary>
internal sealed class UnionNode : Node
{
    public List<Node> Alternatives { get; } = [];

    public override void Begin(Frame parent, StateSpace space, List<Frame> frames)
    {
        foreach (var alternative in Alternatives) alternative.Begin(parent, space, frames);
    }

    public override bool Check() => Alternatives.Exists(node => node.IsPossible);

    public override void Prune() => Alternatives.RemoveAll(node => !node.IsPossible);
}
