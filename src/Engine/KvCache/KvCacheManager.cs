using System.Runtime.InteropServices;
using AgentRuntime.Engine.Backends;
using AgentRuntime.Engine.Sessions;

namespace AgentRuntime.Engine.KvCache;

/// <summary>
/// Gives blocks to sequences and takes them back: sharing by the prefix tree, copy-on-write of partly filled blocks,
/// eviction when nothing is free. Used by the engine thread alone.
/// </summary>
internal sealed class KvCacheManager
{
    private const int BlockTokens = RunnerOptions.BlockTokens;
    private readonly IModelRunner _runner;
    private readonly HashSet<Sequence> _sequences = [];

    public KvCacheManager(IModelRunner runner)
    {
        _runner = runner;
        Pool = new(runner.Options.KvBlocks);
        Tree = new(Pool, runner is IKvOffload { HostSlots: > 0 } offload ? new HostTier(offload) : null);
    }

    public BlockPool Pool { get; }

    public PrefixTree Tree { get; }

    /// <summary>The live sequences.</summary>
    public IReadOnlyCollection<Sequence> Sequences => _sequences;

    /// <summary>Blocks that <see cref="Extend"/> can take: the free ones and those that can be evicted.</summary>
    public int Available => Pool.Free + Tree.Evictable;

    /// <summary>Blocks that hold <paramref name="tokens"/> positions.</summary>
    public static int BlocksFor(int tokens) => (tokens + BlockTokens - 1) / BlockTokens;

    /// <summary>Makes an empty sequence live.</summary>
    public void Open(Sequence sequence)
    {
        sequence.Node = Tree.Root;
        _sequences.Add(sequence);
    }

    /// <summary>Makes <paramref name="child"/> live with everything that its parent has computed; nothing is copied yet.</summary>
    public void Fork(Sequence parent, Sequence child)
    {
        Open(child);
        for (var i = 0; i < parent.Blocks.Count; i++)
        {
            Retain(parent.Blocks[i]);
            child.Blocks.Add(parent.Blocks[i]);
        }
        child.Computed = parent.Computed;
        child.Node = parent.Node;
    }

    /// <summary>Blocks that <see cref="Extend"/> would take to hold <paramref name="length"/> positions.</summary>
    public int BlocksNeeded(Sequence sequence, int length)
    {
        if (length <= sequence.Computed) return 0;
        return Math.Max(0, BlocksFor(length) - sequence.Blocks.Count) + (SharesLastBlock(sequence) ? 1 : 0);
    }

    /// <summary>
    /// Takes over resident blocks that continue the sequence's tokens, up to <paramref name="limit"/> positions.
    /// A block of which only the front fits is shared too when <paramref name="partly"/> is set, and copied when written.
    /// Blocks in host memory are brought back, each into a block that <see cref="Extend"/> would have taken for its positions.
    /// </summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="limit">Most positions.</param>
    /// <param name="partly">Whether to share a block of which only the front fits.</param>
    /// <param name="restorable">Most blocks to bring back; less those that were.</param>
    /// <returns>False when it stopped because there would be more to bring back.</returns>
    public bool Adopt(Sequence sequence, int limit, bool partly, ref int restorable)
    {
        var tokens = CollectionsMarshal.AsSpan(sequence.Tokens)[..limit];
        if (restorable > 0) Tree.Touch(sequence.Node, tokens);
        while (true)
        {
            var index = sequence.Node.Depth;
            var start = index * BlockTokens;
            if (start >= limit) return true;
            var child = PrefixTree.BestChild(sequence.Node, tokens[start..], out var common);
            if (child is null || start + common <= sequence.Computed) return true;
            if (child.IsOnHost)
            {
                if (restorable == 0) return false;
                if (!TryRestore(sequence, index, child, common)) return true;
                restorable--;
            }
            else if (common == BlockTokens || partly)
            {
                Replace(sequence, index, child.Block);
            }
            else
            {
                return true;
            }
            sequence.Computed = start + common;
            if (common < BlockTokens) return true;
            sequence.Node = child;
        }
    }

    /// <summary>Makes the positions from the last computed one to <paramref name="length"/> writable.</summary>
    /// <exception cref="InvalidOperationException">No block is free; admission should have prevented it.</exception>
    public void Extend(Sequence sequence, int length)
    {
        if (SharesLastBlock(sequence))
        {
            var last = sequence.Blocks.Count - 1;
            var copy = Allocate();
            try
            {
                _runner.CopyBlock(sequence.Blocks[last], copy);
            }
            catch
            {
                Release(copy);
                throw;
            }
            Release(sequence.Blocks[last]);
            sequence.Blocks[last] = copy;
        }
        while (sequence.Blocks.Count * BlockTokens < length) sequence.Blocks.Add(Allocate());
    }

    /// <summary>Records that the first <paramref name="length"/> positions are computed; whole blocks enter the tree.</summary>
    public void Commit(Sequence sequence, int length)
    {
        sequence.Computed = length;
        var tokens = CollectionsMarshal.AsSpan(sequence.Tokens);
        while ((sequence.Node.Depth + 1) * BlockTokens <= length)
        {
            var index = sequence.Node.Depth;
            var node = Tree.Insert(sequence.Node, tokens.Slice(index * BlockTokens, BlockTokens), sequence.Blocks[index]);
            // Another sequence may have computed the same tokens meanwhile: keep one copy.
            if (node.Block != sequence.Blocks[index]) Replace(sequence, index, node.Block);
            sequence.Node = node;
        }
    }

    /// <summary>Forgets the positions from <paramref name="length"/> on, and blocks that were taken but not committed.</summary>
    public void Truncate(Sequence sequence, int length)
    {
        sequence.Computed = Math.Min(sequence.Computed, length);
        while (sequence.Node.Depth > sequence.Computed / BlockTokens) sequence.Node = sequence.Node.Parent!;
        var keep = BlocksFor(sequence.Computed);
        while (sequence.Blocks.Count > keep) Release(sequence.Blocks.RemoveLast());
    }

    /// <summary>Ends a sequence. What it computed stays in the tree until the blocks are needed.</summary>
    public void Close(Sequence sequence)
    {
        if (!_sequences.Remove(sequence)) return;
        Truncate(sequence, sequence.Computed);
        var partial = sequence.Computed % BlockTokens;
        if (partial > 0)
        {
            var tokens = CollectionsMarshal.AsSpan(sequence.Tokens).Slice(sequence.Computed - partial, partial);
            Tree.Insert(sequence.Node, tokens, sequence.Blocks[sequence.Blocks.Count - 1]);
        }
        while (sequence.Blocks.Count > 0) Release(sequence.Blocks.RemoveLast());
    }

    /// <summary>
    /// Takes a live sequence's blocks from it: the tree keeps them as long as it can, and the next request adopts them
    /// again. A last block that is not whole is lost, since the tokens are their caller's now.
    /// </summary>
    public void Park(Sequence sequence)
    {
        Truncate(sequence, 0);
        sequence.Node = Tree.Root;
    }

    private bool SharesLastBlock(Sequence sequence) =>
        sequence.Computed % BlockTokens != 0 && Pool.References(sequence.Blocks[sequence.Computed / BlockTokens]) > 1;

    private int Allocate()
    {
        if (Pool.Free == 0) Tree.EvictOne();
        return Pool.TryAllocate(out var block) ? block : throw new InvalidOperationException("The KV cache has no free block.");
    }

    /// <summary>Brings a node back from host memory into the sequence's block <paramref name="index"/>; false when there is no room.</summary>
    private bool TryRestore(Sequence sequence, int index, PrefixNode node, int common)
    {
        if (Available == 0) return false;
        var host = Tree.Host!;
        // Making room may drop what is in host memory longest.
        HostTier.Hold(node);
        Truncate(sequence, index * BlockTokens);
        int block;
        try
        {
            block = Allocate();
        }
        catch
        {
            host.Unhold(node);
            throw;
        }
        sequence.Blocks.Add(block);
        if (common < BlockTokens)
        {
            // The sequence goes another way: what it gets is a copy of its own.
            host.Restore(node, block, isIts: false);
            return true;
        }
        host.Restore(node, block, isIts: true);
        Tree.Place(node, block);
        Pool.Retain(block);
        return true;
    }

    private void Replace(Sequence sequence, int index, int block)
    {
        Retain(block);
        if (index == sequence.Blocks.Count)
        {
            sequence.Blocks.Add(block);
            return;
        }
        Release(sequence.Blocks[index]);
        sequence.Blocks[index] = block;
    }

    private void Retain(int block)
    {
        Pool.Retain(block);
        Tree.Pin(block);
    }

    private void Release(int block)
    {
        if (Pool.Release(block) == 1 && Tree.NodeOf(block) is not null) Tree.Unpin(block);
    }
}
