using AgentRuntime.Engine.Backends;

namespace AgentRuntime.Engine.KvCache;

/// <summary>What must hold of the KV cache between two steps.</summary>
internal static class KvCacheInvariants
{
    /// <summary>Checks reference counts, the free list, every sequence's blocks, the tree, the host tier and both eviction orders.</summary>
    /// <exception cref="InvalidOperationException">Something does not hold; the message says what.</exception>
    public static void CheckIntegrity(KvCacheManager cache)
    {
        var expected = new int[cache.Pool.Size];
        var inTree = CheckTree(cache, expected);
        foreach (var sequence in cache.Sequences)
        {
            var blocks = sequence.Blocks;
            Require(blocks.Count >= KvCacheManager.BlocksFor(sequence.Computed), "a sequence has fewer blocks than computed tokens");
            Require(sequence.Node.Depth == sequence.Computed / RunnerOptions.BlockTokens, "a sequence's tree node is not at its last whole block");
            for (var node = sequence.Node; node.Parent is not null; node = node.Parent)
            {
                Require(blocks[node.Depth - 1] == node.Block, "a sequence's block is not its tree node's");
                Require(inTree.Contains(node), "a sequence's tree node has left the tree");
            }
            var own = new HashSet<int>();
            for (var i = 0; i < blocks.Count; i++)
            {
                expected[blocks[i]]++;
                Require(own.Add(blocks[i]), "a sequence has a block twice");
            }
        }
        CheckPool(cache.Pool, expected);
        CheckEviction(cache, inTree);
        CheckHost(cache.Tree.Host, inTree);
    }

    private static HashSet<PrefixNode> CheckTree(KvCacheManager cache, int[] expected)
    {
        var nodes = new HashSet<PrefixNode>();
        var open = new Stack<PrefixNode>([cache.Tree.Root]);
        while (open.TryPop(out var parent))
        {
            foreach (var node in parent.Children)
            {
                Require(nodes.Add(node), "a tree node has two parents");
                Require(node.Parent == parent && node.Depth == parent.Depth + 1, "a tree node does not know its parent");
                Require(node.IsOnHost == (node.Block == PrefixNode.None), "a tree node has neither a block nor a slot");
                Require(node.IsOnHost || cache.Tree.NodeOf(node.Block) == node, "a tree node's block is another node's");
                Require(node.IsOnHost || !parent.IsOnHost, "a tree node has a block while its parent is in host memory");
                Require(node.Tokens.Length is > 0 and <= RunnerOptions.BlockTokens, "a tree node's block is empty or too full");
                Require(node.Tokens.Length == RunnerOptions.BlockTokens || node.Children.Count == 0, "a partly filled tree node has children");
                Require(parent.Children.All(other => other == node || !other.Tokens.AsSpan().StartsWith(node.Tokens)), "two tree nodes hold the same tokens");
                if (!node.IsOnHost) expected[node.Block]++;
                open.Push(node);
            }
        }
        for (var block = 0; block < expected.Length; block++)
            Require(cache.Tree.NodeOf(block) is null || expected[block] == 1, "a block belongs to a node that is not in the tree");
        return nodes;
    }

    private static void CheckPool(BlockPool pool, int[] expected)
    {
        var free = new HashSet<int>();
        foreach (var block in pool.FreeBlocks) Require(free.Add(block), $"block {block} is free twice");
        for (var block = 0; block < pool.Size; block++)
        {
            Require(pool.References(block) == expected[block], $"block {block} has {pool.References(block)} references instead of {expected[block]}");
            Require(free.Contains(block) == (expected[block] == 0), $"block {block} is in the free list and used, or in neither");
        }
    }

    private static void CheckEviction(KvCacheManager cache, HashSet<PrefixNode> nodes)
    {
        var evictable = new HashSet<PrefixNode>();
        foreach (var node in cache.Tree.EvictionOrder)
        {
            Require(nodes.Contains(node) && evictable.Add(node), "the eviction order has a node twice or one that is not in the tree");
            Require(node.Children.All(child => child.IsOnHost || evictable.Contains(child)), "a tree node would be evicted before its children");
        }
        foreach (var node in nodes)
            Require(evictable.Contains(node) == (!node.IsOnHost && cache.Pool.References(node.Block) == 1), "a tree node is used and evictable, or neither");
    }

    private static void CheckHost(HostTier? host, HashSet<PrefixNode> nodes)
    {
        var seen = new HashSet<PrefixNode>();
        var slots = new HashSet<int>();
        foreach (var node in host?.Nodes ?? [])
        {
            Require(nodes.Contains(node) && node.IsOnHost && seen.Add(node), "the host tier has a node twice, one that has a block, or one that is not in the tree");
            Require(slots.Add(node.Slot), "two tree nodes have one slot");
            Require(node.Children.All(seen.Contains), "the host tier would drop a node before its children");
        }
        foreach (var node in host?.Copies ?? [])
        {
            Require(nodes.Contains(node) && !node.IsOnHost && seen.Add(node), "the host tier has a copy twice, one without a block, or one that is not in the tree");
            Require(slots.Add(node.Slot), "two tree nodes have one slot");
        }
        Require(nodes.Where(node => node.Slot != PrefixNode.None).All(seen.Contains), "a tree node's slot is unknown to the host tier");
        foreach (var slot in host?.FreeSlots ?? []) Require(slots.Add(slot), "a slot is free twice, or free and used");
        Require(slots.Count == (host?.OpenedSlots ?? 0) && slots.All(slot => slot < slots.Count), "a slot was lost");
        Require(slots.Count <= (host?.Slots ?? 0), "the host tier has more slots than it may");
    }

    private static void Require(bool holds, string violation)
    {
        if (!holds) throw new InvalidOperationException($"The KV cache is inconsistent: {violation}.");
    }
}
