using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>
/// The value of a tool's parameter. It adds nothing but its name: the frames within a value have this node's frame among
/// their parents, which is how one sees what is being written.
/// </summary>
/// <param name="tool">Name of the tool.</param>
/// <param name="name">Name of the parameter.</param>
/// <param name="value">What the value may be.</param>
/// <param name="isRaw">Whether a text is written as it is, and not as a JSON string.</param>
/// <param name="close">What stands after the value; null for nothing.</param>
internal sealed class ParameterNode(string tool, string name, Node value, bool isRaw = false, ByteAutomaton? close = null) : Container
{
    private const int InValue = 0, InClose = 1;

    public string Tool => tool;

    public string Name => name;

    /// <summary>Whether a text is written as it is, up to the closing tag that is part of the value; otherwise values are JSON.</summary>
    public bool IsRaw => isRaw;

    /// <summary>Whether a frame of this node is that of the value, and not of what stands after it.</summary>
    public static bool IsInValue(Frame frame) => frame.State == InValue;

    public override void Begin(Frame parent, StateSpace space, List<Frame> frames) => value.Begin(space.Frame(parent, this, InValue, null), space, frames);

    public override bool Check() => value.IsPossible;

    public override void Step(Frame frame, byte value, StateSpace space, List<Frame> frames) { }

    public override Frame Completed(Frame frame, object part, int state, StateSpace space) => frame.State == InValue && close is not null
        ? space.Lexeme(space.Frame(frame.Parent, this, InClose, null), close, close.Start)
        : space.After(frame);
}
