namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>
/// A deterministic automaton over bytes for one lexical piece (a string, a number, a literal). Every state that
/// <see cref="Step"/> leads to can still reach acceptance, so a mask never leads into a dead end.
/// </summary>
internal abstract class ByteAutomaton
{
    /// <summary>The state before the first byte.</summary>
    public abstract int Start { get; }

    /// <summary>Whether it serves all grammars, so that its masks are worth keeping with the vocabulary.</summary>
    public virtual bool IsShared => false;

    /// <summary>The next state, or -1.</summary>
    public abstract int Step(int state, byte value);

    /// <summary>Whether the piece may end here.</summary>
    public abstract bool Accepts(int state);

    /// <summary>Whether any byte may follow here.</summary>
    public abstract bool Continues(int state);

    /// <summary>A simpler automaton that accepts the same from here on, or this one.</summary>
    public virtual (ByteAutomaton Automaton, int State) Simplify(int state) => (this, state);

    /// <summary>A shared automaton that does the same here with all bytes of these classes, see <see cref="ByteClasses"/>, up to so many of them; or null.</summary>
    public virtual (ByteAutomaton? Automaton, int State) Resembles(int state, ulong classes, int bytes) => (null, 0);
}
