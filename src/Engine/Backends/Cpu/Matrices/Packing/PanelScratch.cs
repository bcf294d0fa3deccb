using AgentRuntime.Engine.Backends.Cpu.Kernels;
using AgentRuntime.Engine.Backends.Cpu.Memory;

namespace AgentRuntime.Engine.Backends.Cpu.Matrices.Packing;

/// <summary>A thread's room for one unpacked stretch of a panel; small enough to stay in the first-level cache.</summary>
internal sealed unsafe class PanelScratch : IDisposable
{
    /// <summary>Most columns in a stretch; a multiple of every format's unit.</summary>
    public const int Columns = 1024;

    private readonly NativeBuffer _values = new(Columns * Panel.Rows);
    private readonly NativeBuffer _scales = NativeBuffer.OfFloats(Columns / 16 * Panel.Rows);
    private readonly NativeBuffer _minima = NativeBuffer.OfFloats(Columns / 16 * Panel.Rows);

    public byte* Values => _values.Bytes;
    public float* Scales => _scales.Floats;
    public float* Minima => _minima.Floats;

    public void Dispose()
    {
        _values.Dispose();
        _scales.Dispose();
        _minima.Dispose();
    }
}
