namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>A deterministic automaton over code points. From every state that <see cref="Step"/> leads to acceptance can be reached.</summary>
internal abstract class CharacterAutomaton
{
    /// <summary>The first state; -1 when nothing is accepted.</summary>
    public abstract int Start { get; }

    /// <summary>Code points, ascending from 0, between which all are treated alike.</summary>
    public abstract IReadOnlyList<int> Cuts { get; }

    /// <summary>Whether the text may end here.</summary>
    public abstract bool Accepts(int state);

    /// <summary>Whether every text is accepted from here on.</summary>
    public abstract bool IsUniversal(int state);

    /// <summary>The state after a code point, or -1.</summary>
    public abstract int Step(int state, int code);

    /// <summary>Whether any code point of a range leads on.</summary>
    public abstract bool CanStep(int state, int first, int last);

    /// <summary>Whether all code points of a range lead to the same state.</summary>
    public abstract bool IsUniform(int state, int first, int last);

    /// <summary>Whether a text is accepted.</summary>
    public bool Matches(string text)
    {
        var state = Start;
        foreach (var rune in text.EnumerateRunes())
        {
            if (state < 0) return false;
            state = Step(state, rune.Value);
        }
        return state >= 0 && Accepts(state);
    }
}
