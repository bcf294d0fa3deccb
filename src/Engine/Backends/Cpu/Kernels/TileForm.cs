namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>What a tile of inputs holds beside bytes and scales.</summary>
internal enum TileForm
{
    Plain,

    /// <summary>Scaled sums of blocks, from which weights take their minima.</summary>
    BlockSums,

    /// <summary>Scaled sums of half blocks.</summary>
    HalfBlockSums,

    /// <summary>Bytes as magnitudes and signs.</summary>
    Split,
}
