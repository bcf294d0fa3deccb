using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using AgentRuntime.Engine.Backends.Cpu.Kernels;

namespace AgentRuntime.Engine.Backends.Cpu.Matrices.Packing;

/// <summary>
/// Q8_0. Units of 32 columns; a stretch holds 512 values of each, then 16 F16 scales of each. The kernels read the values in
/// place, from whole cache lines: signed, or with 128 added where the kernel multiplies unsigned bytes (then the minimum of
/// a block is 128 scales).
/// </summary>
internal sealed unsafe class Q8Format(bool unsigned) : PackedFormat
{
    private const int ScaleBytes = 2 * Panel.Rows;

    public override int UnitColumns => 32;
    public override int UnitBytes => ScaleBytes + Panel.BlockBytes;
    public override int SourceBytes => 34;
    public override TileForm InputForm => unsigned ? TileForm.BlockSums : TileForm.Plain;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Pack(byte** rows, byte* stretch, int unit, int units)
    {
        var values = stretch + unit * Panel.BlockBytes;
        var scales = (ushort*)(stretch + units * Panel.BlockBytes + unit * ScaleBytes);
        for (var r = 0; r < Panel.Rows; r++)
        {
            scales[r] = *(ushort*)rows[r];
            ValuePlanes.Scatter(rows[r] + 2, r, values);
        }
        if (!unsigned) return;
        for (var i = 0; i < Panel.BlockBytes; i += 32) (Vector256.Load(values + i) ^ Vector256.Create((byte)128)).Store(values + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override Panel Open(byte* stretch, int columns, PanelScratch scratch, bool unpack)
    {
        var panel = new Panel
        {
            Values = stretch,
            Stride = Panel.BlockBytes,
            Scales = scratch.Scales,
            Minima = scratch.Minima,
            Signed = !unsigned,
            Bits = 8,
        };
        var scales = stretch + columns / 32 * Panel.BlockBytes;
        for (var block = 0; block < columns / 32; block++, scales += ScaleBytes)
        {
            var (low, high) = ScaleRows.Halves(scales);
            ScaleRows.Store(low, high, panel.Scales + block * Panel.Rows);
            if (unsigned) ScaleRows.Store(low * 128, high * 128, panel.Minima + block * Panel.Rows);
        }
        return panel;
    }
}
