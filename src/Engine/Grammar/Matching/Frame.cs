namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>
/// One level of what is being written: a lexical piece or a container, and its parent. Equal frames are one object, so
/// that what was computed for a state is found again.
/// </summary>
/// <param name="Id">Tells frames apart.</param>
/// <param name="Parent">The container around it; null for the root.</param>
/// <param name="Owner">An automaton or a <see cref="Container"/>; says what <paramref name="State"/> means.</param>
/// <param name="State">The owner's state.</param>
/// <param name="Seen">For objects, the properties written so far.</param>
internal sealed record Frame(int Id, Frame? Parent, object Owner, int State, SeenProperties? Seen)
{
    /// <summary>The state of this frame alone, once made.</summary>
    public MatchState? Alone { get; set; }

    public bool Equals(Frame? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => Id;
}
