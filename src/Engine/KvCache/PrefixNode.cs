namespace AgentRuntime.Engine.KvCache;

/// <summary>
/// A block in the <see cref="PrefixTree"/>: the keys and values of <see cref="Tokens"/> after everything on the path
/// from the root. Only a leaf may hold less than a whole block. They lie in a KV block, in a slot of host memory when the
/// device had no room for it, or in both after they came back; below a node in host memory alone, all are there alone.
/// </summary>
internal sealed class PrefixNode(PrefixNode? parent, int[] tokens, int block)
{
    /// <summary>No block, or no slot.</summary>
    public const int None = -1;

    public PrefixNode? Parent { get; } = parent;

    public int[] Tokens { get; } = tokens;

    /// <summary>The KV block; <see cref="None"/> for the root and in host memory alone.</summary>
    public int Block { get; set; } = block;

    /// <summary>The slot of the <see cref="HostTier"/>, or <see cref="None"/>.</summary>
    public int Slot { get; set; } = None;

    /// <summary>Whether they are in host memory alone.</summary>
    public bool IsOnHost => Slot != None && Block == None;

    /// <summary>Blocks from the root to here, this one included; 0 for the root.</summary>
    public int Depth { get; } = parent is null ? 0 : parent.Depth + 1;

    public List<PrefixNode> Children { get; } = [];

    /// <summary>The place in the tree's eviction order; null while a live sequence uses the block, and without one.</summary>
    public LinkedListNode<PrefixNode>? Eviction { get; set; }

    /// <summary>The place in the host tier; null without a slot, and while it is on its way back.</summary>
    public LinkedListNode<PrefixNode>? HostPlace { get; set; }
}
