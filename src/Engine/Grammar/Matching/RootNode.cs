namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>The whole text: state 0 before its value, 1 after it.</summary>
internal sealed class RootNode(Node value) : Container
{
    private const int Done = 1;

    public Node Value => value;

    public override void Begin(Frame parent, StateSpace space, List<Frame> frames) => value.Begin(parent, space, frames);

    public override bool Check() => value.IsPossible;

    public override bool MayEnd(int state) => state == Done;

    public override void Step(Frame frame, byte value, StateSpace space, List<Frame> frames) { }

    public override Frame Completed(Frame frame, object part, int state, StateSpace space) => space.Frame(null, this, Done, null);
}
