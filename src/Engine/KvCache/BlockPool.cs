namespace AgentRuntime.Engine.KvCache;

/// <summary>Reference counts and the free list of the KV blocks 0 … <see cref="Size"/> - 1. What a block holds is the runner's affair.</summary>
internal sealed class BlockPool
{
    private readonly int[] _references;
    private readonly Stack<int> _free;

    public BlockPool(int size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
        _references = new int[size];
        _free = new Stack<int>(size);
        for (var block = size - 1; block >= 0; block--) _free.Push(block);
    }

    public int Size => _references.Length;

    public int Free => _free.Count;

    /// <summary>The free blocks, for the integrity check.</summary>
    public IReadOnlyCollection<int> FreeBlocks => _free;

    public int References(int block) => _references[block];

    /// <summary>Takes a free block with one reference, or returns false when there is none.</summary>
    public bool TryAllocate(out int block)
    {
        if (!_free.TryPop(out block)) return false;
        _references[block] = 1;
        return true;
    }

    /// <summary>Adds a reference and returns the new count.</summary>
    public int Retain(int block)
    {
        if (_references[block] == 0) throw new InvalidOperationException($"KV block {block} is free and cannot be shared.");
        return ++_references[block];
    }

    /// <summary>Drops a reference and returns the new count; at 0 the block is free.</summary>
    public int Release(int block)
    {
        if (_references[block] == 0) throw new InvalidOperationException($"KV block {block} was released twice.");
        var left = --_references[block];
        if (left == 0) _free.Push(block);
        return left;
    }
}
