using AgentRuntime.Engine.KvCache;

namespace AgentRuntime.Engine.Sessions;

/// <summary>
/// What the engine holds of a session. <see cref="Tokens"/> belongs to the session's caller between requests and to the
/// engine thread during one; everything else belongs to the engine thread.
/// </summary>
internal sealed class Sequence
{
    /// <summary>The token ids; only ever appended to, or cut by a rewind.</summary>
    public List<int> Tokens { get; init; } = [];

    /// <summary>The KV blocks of the computed positions.</summary>
    public BlockTable Blocks { get; } = new();

    /// <summary>Leading tokens whose keys and values are in <see cref="Blocks"/>.</summary>
    public int Computed { get; set; }

    /// <summary>When a request last ran on it, in requests.</summary>
    public long LastUsed { get; set; }

    /// <summary>Whether somebody goes through <see cref="Blocks"/> in several steps, between which they must stay.</summary>
    public bool IsHeld { get; set; }

    /// <summary>The tree node of the last whole block; its depth is <see cref="Computed"/> / BlockTokens.</summary>
    public PrefixNode Node { get; set; } = null!;
}
