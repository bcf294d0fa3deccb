namespace AgentRuntime.Engine.KvCache;

/// <summary>
/// A block in the <see cref="PrefixTree"/>: the keys and values of <see cref="Tokens"/> after everything on the path
/// from the root. Only a leaf may hold less than a whole block. They lie in a KV block or, when the device had no room
/// for it, in a slot of host memory; below a node in host memory all are there.
/// </summary>
internal sealed class PrefixNode(PrefixNode? parent, int[] tokens, int block)
{
    /// <summary>No block, or no slot.</summary>
    public const int None = -1;

    public PrefixNode? Parent { get; } = parent;

    public int[] Tokens { get; } = tokens;

    /// <summary>The KV block; <see cref="None"/> for the root and in host memory.</summary>
    public int Block { get; set; } = block;

    /// <summary>The slot of the <see cref="HostTier"/>, or <see cref="None"/>.</summary>
    public int Slot { get; set; } = None;

    public bool IsOnHost => Slot != None;

    /// <summary>Blocks from the root to here, this one included; 0 for the root.</summary>
    public int Depth { get; } = parent is null ? 0 : parent.Depth + 1;

    public List<PrefixNode> Children { get; } = [];

    /// <summary>The place in the eviction order of the tree or of the host tier; null while a live sequence uses the block.</summary>
    public LinkedListNode<PrefixNode>? Eviction { get; set; }
}
