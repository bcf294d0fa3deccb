using System.Runtime.CompilerServices;
using AgentRuntime.Engine.Backends.Cpu.Kernels;

namespace AgentRuntime.Engine.Backends.Cpu.Matrices.Packing;

/// <summary>
/// Q6_K. Unit of 256 columns: 16 F16 scales of the super-blocks; then for each 32 columns 16 signed scale bytes of the
/// first 16 columns, 16 of the second, and the values (<see cref="ValuePlanes"/>), which stand 32 above what they mean.
/// </summary>
internal sealed unsafe class Q6KFormat : PackedFormat
{
    private const int Blocks = 8;
    private const int Header = 2 * Panel.Rows;
    private const int BlockHeader = 2 * Panel.Rows;

    private static readonly int BlockBytes = BlockHeader + ValuePlanes.Bytes(6);

    public override int UnitColumns => 256;
    public override int UnitBytes => Header + Blocks * BlockBytes;
    public override int SourceBytes => 210;
    public override TileForm InputForm => TileForm.HalfBlockSums;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Pack(byte** rows, byte* stretch, int index, int units)
    {
        var unit = stretch + index * UnitBytes;
        var values = stackalloc byte[32];
        var planes = stackalloc byte[Panel.BlockBytes];
        for (var r = 0; r < Panel.Rows; r++) ((ushort*)unit)[r] = *(ushort*)(rows[r] + 208);
        for (var b = 0; b < Blocks; b++)
        {
            var block = unit + Header + b * BlockBytes;
            for (var r = 0; r < Panel.Rows; r++)
            {
                var row = rows[r];
                block[r] = row[192 + 2 * b];
                block[Panel.Rows + r] = row[193 + 2 * b];
                // Within 128 values: low bits of blocks 0 and 2, 1 and 3 share bytes; upper bits of all four do.
                var low = row + b / 4 * 64 + b % 2 * 32;
                var high = row + 128 + b / 4 * 32;
                for (var i = 0; i < 32; i++) values[i] = (byte)(low[i] >> b % 4 / 2 * 4 & 15 | (high[i] >> b % 4 * 2 & 3) << 4);
                ValuePlanes.Scatter(values, r, planes);
            }
            ValuePlanes.Pack(planes, 6, block + BlockHeader);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override Panel Open(byte* unit, int columns, PanelScratch scratch, bool unpack)
    {
        float* scales = scratch.Scales, minima = scratch.Minima;
        var values = scratch.Values;
        var panel = new Panel { Values = values, Stride = Panel.BlockBytes, Scales = scales, Minima = minima, HalfScales = true, Bits = 6 };
        if (!unpack)
        {
            panel.Packed = true;
            panel.Values = unit + Header + BlockHeader;
            panel.Stride = BlockBytes;
            panel.GroupGap = Header;
        }
        for (var u = 0; u < columns / 256; u++)
        {
            var (lowScale, highScale) = ScaleRows.Halves(unit);
            unit += Header;
            for (var b = 0; b < Blocks; b++, unit += BlockBytes)
            {
                for (var half = 0; half < 2; half++)
                {
                    var (low, high) = ScaleRows.SignedBytes(unit + half * Panel.Rows);
                    low *= lowScale;
                    high *= highScale;
                    ScaleRows.Store(low, high, scales);
                    ScaleRows.Store(low * 32, high * 32, minima);
                    scales += Panel.Rows;
                    minima += Panel.Rows;
                }
                if (unpack) ValuePlanes.Unpack(unit + BlockHeader, 6, values);
                values += Panel.BlockBytes;
            }
        }
        return panel;
    }
}
