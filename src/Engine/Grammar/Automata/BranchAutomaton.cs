namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>A lexical piece whose end says what follows it.</summary>
internal abstract class BranchAutomaton : ByteAutomaton
{
    /// <summary>What follows the piece that ends in an accepting state.</summary>
    public abstract int Target(int state);
}
