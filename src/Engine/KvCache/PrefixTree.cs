using AgentRuntime.Engine.Backends;

namespace AgentRuntime.Engine.KvCache;

/// <summary>
/// Radix tree over blocks of tokens: which KV blocks hold which prefixes. Every whole block of a live sequence is in it
/// (so a sequence pins the whole path to its node), and what ended sequences leave stays until its blocks are needed.
/// </summary>
/// <remarks>
/// Eviction is least recently used and takes the head of one list. The list holds exactly the nodes that no live
/// sequence uses, in the order in which they were let go. Sequences let go from their end to their start, so a child
/// always stands before its parent, and the head has no children but in host memory.
/// </remarks>
internal sealed class PrefixTree
{
    private readonly BlockPool _pool;
    private readonly PrefixNode?[] _nodeOfBlock;
    private readonly LinkedList<PrefixNode> _evictable = new();

    /// <param name="pool">The KV blocks.</param>
    /// <param name="host">Where evicted nodes go, or null when they are forgotten.</param>
    public PrefixTree(BlockPool pool, HostTier? host)
    {
        _pool = pool;
        Host = host;
        _nodeOfBlock = new PrefixNode?[pool.Size];
    }

    public PrefixNode Root { get; } = new(null, [], PrefixNode.None);

    public HostTier? Host { get; }

    /// <summary>Blocks that could be freed, since nothing but the tree uses them.</summary>
    public int Evictable => _evictable.Count;

    /// <summary>The nodes that can be evicted, the next one first, for the integrity check.</summary>
    public IReadOnlyCollection<PrefixNode> EvictionOrder => _evictable;

    public PrefixNode? NodeOf(int block) => _nodeOfBlock[block];

    /// <summary>The child that shares the longest front with <paramref name="tokens"/>, or null when none shares even one token.</summary>
    public static PrefixNode? BestChild(PrefixNode node, ReadOnlySpan<int> tokens, out int common)
    {
        PrefixNode? best = null;
        common = 0;
        foreach (var child in node.Children)
        {
            var length = tokens.CommonPrefixLength(child.Tokens);
            if (length <= common) continue;
            (best, common) = (child, length);
            if (length == RunnerOptions.BlockTokens) break;
        }
        return best;
    }

    /// <summary>Makes what is in host memory of a way from the root the last to be dropped.</summary>
    /// <param name="node">Where the way has been gone to.</param>
    /// <param name="tokens">The whole way.</param>
    public void Touch(PrefixNode node, ReadOnlySpan<int> tokens)
    {
        if (Host is null || Host.Nodes.Count == 0) return;
        var way = new Stack<PrefixNode>();
        for (var common = RunnerOptions.BlockTokens; common == RunnerOptions.BlockTokens && node.Depth * common < tokens.Length;)
        {
            if (BestChild(node, tokens[(node.Depth * common)..], out common) is not { } child) break;
            if (child.IsOnHost) way.Push(child);
            node = child;
        }
        while (way.TryPop(out var last)) Host.Touch(last);
    }

    /// <summary>
    /// Puts a block under <paramref name="parent"/> with a reference of the tree's own. Where the tree already has these
    /// tokens, that node is returned instead and the block is not taken, save by one that had none. A shorter part of them
    /// is replaced.
    /// </summary>
    public PrefixNode Insert(PrefixNode parent, ReadOnlySpan<int> tokens, int block)
    {
        for (var i = parent.Children.Count - 1; i >= 0; i--)
        {
            var child = parent.Children[i];
            var common = tokens.CommonPrefixLength(child.Tokens);
            if (common == tokens.Length)
            {
                if (child.IsOnHost && child.Tokens.Length == common)
                {
                    Host!.Release(child);
                    Place(child, block);
                    _pool.Retain(block);
                }
                return child;
            }
            if (common == child.Tokens.Length) Remove(child);
        }
        var node = new PrefixNode(parent, tokens.ToArray(), block);
        parent.Children.Add(node);
        Place(node, block);
        _pool.Retain(block);
        return node;
    }

    /// <summary>Gives a node a block. The tree's reference to it is the caller's affair.</summary>
    public void Place(PrefixNode node, int block)
    {
        node.Block = block;
        _nodeOfBlock[block] = node;
    }

    /// <summary>A sequence started to use a block: if it is in the tree, it cannot be evicted now.</summary>
    public void Pin(int block)
    {
        if (_nodeOfBlock[block] is not { Eviction: { } place } node) return;
        _evictable.Remove(place);
        node.Eviction = null;
    }

    /// <summary>The last sequence stopped using a block: if it is in the tree, it is the last to be evicted.</summary>
    public void Unpin(int block)
    {
        if (_nodeOfBlock[block] is { } node) node.Eviction = _evictable.AddLast(node);
    }

    /// <summary>Frees the block that was let go longest ago; its contents move to host memory where there is some. False when every block is in use.</summary>
    public bool EvictOne()
    {
        if (_evictable.First is not { } first) return false;
        var node = first.Value;
        if (node.Slot != PrefixNode.None) Host!.Touch(node);
        else if (Host is not null && Host.TryCopy(node.Block, out var slot)) Host.Add(node, slot);
        else node.Parent!.Children.Remove(node);
        FreeBlock(node);
        return true;
    }

    private void Remove(PrefixNode node)
    {
        if (node.IsOnHost)
        {
            Host!.Drop(node);
            return;
        }
        if (node.Slot != PrefixNode.None) Host!.Release(node);
        node.Parent!.Children.Remove(node);
        FreeBlock(node);
    }

    private void FreeBlock(PrefixNode node)
    {
        Pin(node.Block);
        _nodeOfBlock[node.Block] = null;
        _pool.Release(node.Block);
        node.Block = PrefixNode.None;
    }
}
