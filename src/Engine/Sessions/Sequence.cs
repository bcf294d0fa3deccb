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

    /// <summary>The tree node of the last whole block; its depth is <see cref="Computed"/> / BlockTokens.</summary>
    public PrefixNode Node { get; set; } = null!;
}
