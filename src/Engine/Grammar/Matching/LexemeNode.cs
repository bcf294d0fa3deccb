using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>A value that one automaton describes.</summary>
internal sealed class LexemeNode(ByteAutomaton automaton) : Node
{
    public ByteAutomaton Automaton => automaton;

    public override void Begin(Frame parent, StateSpace space, List<Frame> frames) => space.AddLexeme(parent, automaton, automaton.Start, frames);

    public override bool Check() => true;
}
