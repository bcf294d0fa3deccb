namespace AgentRuntime.Engine.KvCache;

/// <summary>The KV blocks of one sequence in order: position p lies in block p / <see cref="Backends.RunnerOptions.BlockTokens"/>.</summary>
internal sealed class BlockTable
{
    private int[] _blocks = new int[8];

    public int Count { get; private set; }

    /// <summary>The backing array for the runner; only the first <see cref="Count"/> entries mean anything.</summary>
    public int[] Blocks => _blocks;

    public int this[int index]
    {
        get => _blocks.AsSpan(0, Count)[index];
        set => _blocks.AsSpan(0, Count)[index] = value;
    }

    public void Add(int block)
    {
        if (Count == _blocks.Length) Array.Resize(ref _blocks, 2 * Count);
        _blocks[Count++] = block;
    }

    /// <summary>Drops the last entry and returns it.</summary>
    public int RemoveLast() => _blocks[--Count];
}
