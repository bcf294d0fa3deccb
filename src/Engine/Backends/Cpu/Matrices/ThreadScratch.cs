using AgentRuntime.Engine.Backends.Cpu.Matrices.Packing;
using AgentRuntime.Engine.Backends.Cpu.Memory;

namespace AgentRuntime.Engine.Backends.Cpu.Matrices;

/// <summary>What one thread needs beside the operands of a matrix product.</summary>
internal sealed unsafe class ThreadScratch(int maxColumns) : IDisposable
{
    private readonly NativeBuffer _rows = NativeBuffer.OfFloats(4L * (maxColumns + 16));
    private readonly NativeBuffer _tile = NativeBuffer.OfFloats(4 * 16);

    public PanelScratch Panel { get; } = new();

    /// <summary>4 rows of weights as floats.</summary>
    public float* Rows => _rows.Floats;

    /// <summary>4 tokens by 16 rows of results that do not fill their place in the output.</summary>
    public float* Tile => _tile.Floats;

    public void Dispose()
    {
        _rows.Dispose();
        _tile.Dispose();
        Panel.Dispose();
    }
}
