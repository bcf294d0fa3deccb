namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>What a value may be.</summary>
internal abstract class Node
{
    /// <summary>Whether a finite value exists; set by <see cref="Productivity"/>.</summary>
    public bool IsPossible { get; set; }

    /// <summary>Adds the frames that stand before the value's first byte.</summary>
    public abstract void Begin(Frame parent, StateSpace space, List<Frame> frames);

    /// <summary>Whether a finite value exists, given what is known of the nodes below.</summary>
    public abstract bool Check();

    /// <summary>Leaves out what has no finite value.</summary>
    public virtual void Prune() { }
}
