using AgentRuntime.Engine.Grammar.Automata;

namespace AgentRuntime.Engine.Grammar.Matching;

/// <summary>All that the text so far may be: the innermost frames, and what was computed for them.</summary>
internal sealed class MatchState(Frame[] tops, bool mayEnd)
{
    private MatchState?[]? _next;
    private bool[]? _known;

    public Frame[] Tops { get; } = tops;

    /// <summary>Whether the text is complete.</summary>
    public bool MayEnd { get; } = mayEnd;

    /// <summary>The allowed tokens, once computed.</summary>
    public ulong[]? Mask { get; set; }

    /// <summary>The bytes that may follow, once computed.</summary>
    public byte[]? Following { get; set; }

    /// <summary>The bytes that may follow, or more, once computed.</summary>
    public ByteSet? First { get; set; }

    public bool TryNext(byte value, out MatchState? next)
    {
        next = _next?[value];
        return next is not null || (_known?[value] ?? false);
    }

    public void Remember(byte value, MatchState? next)
    {
        (_next ??= new MatchState?[256])[value] = next;
        (_known ??= new bool[256])[value] = true;
    }
}
