using AgentRuntime.Engine.Backends.Cpu.Kernels;
using AgentRuntime.Engine.Backends.Cpu.Matrices.Packing;
using AgentRuntime.Engine.Backends.Cpu.Memory;

namespace AgentRuntime.Engine.Backends.Cpu.Matrices;

/// <summary>What one thread needs beside the operands of a matrix product.</summary>
internal sealed unsafe class ThreadScratch(int maxColumns, bool precise = false) : IDisposable
{
    private const int LargestTile = 8;
    private const int InputBytesPerBlock = 1 << 20;

    private readonly NativeBuffer _rows = NativeBuffer.OfFloats(4L * (maxColumns + 16));
    private readonly NativeBuffer _tile = NativeBuffer.OfFloats(4 * 16);
    private readonly NativeBuffer _tiles = NativeBuffer.OfFloats(TileFloats(maxColumns));
    private readonly NativeBuffer _remainderTiles = NativeBuffer.OfFloats(precise ? TileFloats(maxColumns) : 0);
    private readonly NativeBuffer _lastPanel = NativeBuffer.OfFloats((long)TokenBlock(32) * Kernels.Panel.Rows);

    public PanelScratch Panel { get; } = new();

    /// <summary>4 rows of weights as floats.</summary>
    public float* Rows => _rows.Floats;

    /// <summary>4 tokens by 4 rows of results that do not fill their place in the output.</summary>
    public float* Tile => _tile.Floats;

    /// <summary>Packed inputs of a block of tokens (<see cref="TileInput"/>).</summary>
    public float* Tiles => _tiles.Floats;

    /// <summary>Likewise of what the inputs' bytes leave out.</summary>
    public float* RemainderTiles => _remainderTiles.Floats;

    /// <summary>Results of a panel whose last rows do not exist, for a block of tokens.</summary>
    public float* LastPanel => _lastPanel.Floats;

    /// <summary>Tokens whose inputs are used together: so many that weights are read but a few times, in whole tiles. Inputs come from the third-level cache fast enough.</summary>
    public static int TokenBlock(int columns) => Math.Clamp(InputBytesPerBlock / columns / 16 * 16, 32, 512);

    public void Dispose()
    {
        _rows.Dispose();
        _tile.Dispose();
        _tiles.Dispose();
        _remainderTiles.Dispose();
        _lastPanel.Dispose();
        Panel.Dispose();
    }

    /// <summary>Room for the packed inputs of any matrix of at most <paramref name="maxColumns"/> columns.</summary>
    private static long TileFloats(int maxColumns) =>
        (Math.Max(InputBytesPerBlock, 32L * maxColumns) + LargestTile * maxColumns + 31) / 32 * TileInput.LargestBlockFloats;
}
