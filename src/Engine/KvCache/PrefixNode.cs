namespace AgentRuntime.Engine.KvCache;

/// <summary>
/// A block in the <see cref="PrefixTree"/>: the keys and values of <see cref="Tokens"/> after everything on the path
/// from the root. Only a leaf may hold less than a whole block.
/// </summary>
internal sealed class PrefixNode(PrefixNode? parent, int[] tokens, int block)
{
    public PrefixNode? Parent { get; } = parent;

    public int[] Tokens { get; } = tokens;

    /// <summary>The KV block, -1 for the root.</summary>
    public int Block { get; } = block;

    /// <summary>Blocks from the root to here, this one included; 0 for the root.</summary>
    public int Depth { get; } = parent is null ? 0 : parent.Depth + 1;

    public List<PrefixNode> Children { get; } = [];

    /// <summary>The place in the eviction order; null while a live sequence uses the block.</summary>
    public LinkedListNode<PrefixNode>? Eviction { get; set; }
}
