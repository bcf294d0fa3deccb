namespace AgentRuntime.Engine.Grammar.Automata;

/// <summary>How texts between tags end.</summary>
internal sealed class TaggedTextEnd
{
    /// <param name="tag">The closing tag; its first byte is nowhere else in it.</param>
    /// <param name="plainTag">The same written as text, in case the tag is a control token.</param>
    /// <param name="onOwnLine">Whether a line break, which is no part of the text, stands before the tag.</param>
    /// <param name="tail">What stands after the tag.</param>
    public TaggedTextEnd(byte[] tag, byte[] plainTag, bool onOwnLine, byte[] tail)
    {
        if (tag.Length == 0 || tag.AsSpan(1).Contains(tag[0])) throw new GrammarException("A closing tag must not be empty, nor hold its first character twice.");
        Tags = new([tag, plainTag]);
        (First, OnOwnLine, Tail) = (tag[0], onOwnLine, tail);
        Length = tag.Length + (onOwnLine ? 1 : 0) + tail.Length;
        Free = new(JsonStringAutomaton.Canonical, this);
    }

    /// <summary>Finds the tag, as mark 0, and its plain spelling.</summary>
    public MarkFinder Tags { get; }

    /// <summary>Any text that ends so.</summary>
    public TaggedTextAutomaton Free { get; }

    /// <summary>The tag's first byte.</summary>
    public byte First { get; }

    public bool OnOwnLine { get; }

    /// <summary>Bytes from the text's end on.</summary>
    public int Length { get; }

    public byte[] Tail { get; }
}
