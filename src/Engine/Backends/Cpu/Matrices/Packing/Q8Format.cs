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
    public override TileSums Sums => unsigned ? TileSums.Blocks : TileSums.None;

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

    /// <summary>Splits a panel's signed values (<see cref="Panel.Split"/>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Split(ref Panel panel, int blocks, PanelScratch scratch)
    {
        for (var block = 0; block < blocks; block++)
        {
            var values = panel.Values + block * panel.Stride;
            var destination = scratch.SplitValues + 2 * block * Panel.BlockBytes;
            var corrections = Vector512<int>.Zero;
            for (var quad = 0; quad < 8; quad++, values += 64, destination += 128)
            {
                var w = Vector512.Load((sbyte*)values);
                var negative = Vector512.LessThan(w, Vector512<sbyte>.Zero).AsByte();
                var magnitude = Vector512.Abs(w).AsByte();
                magnitude.Store(destination);
                negative.Store(destination + 64);
                // A lane's four bytes are a row's quad.
                var lost = (magnitude & negative).AsUInt16();
                var pairs = (lost & Vector512.Create((ushort)0xFF)) + (lost >>> 8);
                corrections += ((pairs.AsUInt32() & Vector512.Create(0xFFFFu)) + (pairs.AsUInt32() >>> 16)).AsInt32();
            }
            corrections.Store(scratch.Corrections + block * Panel.Rows);
        }
        panel.Split = true;
        panel.Values = scratch.SplitValues;
        panel.Stride = 2 * Panel.BlockBytes;
        panel.Corrections = scratch.Corrections;
    }
}
