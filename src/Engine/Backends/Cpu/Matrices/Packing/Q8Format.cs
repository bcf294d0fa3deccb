using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using AgentRuntime.Engine.Backends.Cpu.Kernels;

namespace AgentRuntime.Engine.Backends.Cpu.Matrices.Packing;

/// <summary>
/// Q8_0. Unit of 32 columns: 16 F16 scales, then 512 values which the kernels read in place: signed, or with 128 added
/// where the kernel multiplies unsigned bytes (then the minimum of a block is 128 scales).
/// </summary>
internal sealed unsafe class Q8Format(bool unsigned) : PackedFormat
{
    private const int ScaleBytes = 2 * Panel.Rows;

    public override int UnitColumns => 32;
    public override int UnitBytes => ScaleBytes + Panel.BlockBytes;
    public override int SourceBytes => 34;
    public override TileForm InputForm => unsigned ? TileForm.BlockSums : TileForm.Plain;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Pack(byte** rows, byte* unit)
    {
        for (var r = 0; r < Panel.Rows; r++)
        {
            ((ushort*)unit)[r] = *(ushort*)rows[r];
            ValuePlanes.Scatter(rows[r] + 2, r, unit + ScaleBytes);
        }
        if (!unsigned) return;
        for (var i = ScaleBytes; i < UnitBytes; i += 32) (Vector256.Load(unit + i) ^ Vector256.Create((byte)128)).Store(unit + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override Panel Open(byte* unit, int columns, PanelScratch scratch, bool unpack)
    {
        var panel = new Panel
        {
            Values = unit + ScaleBytes,
            Stride = UnitBytes,
            Scales = scratch.Scales,
            Minima = scratch.Minima,
            Signed = !unsigned,
            Bits = 8,
        };
        for (var block = 0; block < columns / 32; block++, unit += UnitBytes)
        {
            var (low, high) = ScaleRows.Halves(unit);
            ScaleRows.Store(low, high, panel.Scales + block * Panel.Rows);
            if (unsigned) ScaleRows.Store(low * 128, high * 128, panel.Minima + block * Panel.Rows);
        }
        return panel;
    }
}
