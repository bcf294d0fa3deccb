using System.Runtime.CompilerServices;
using AgentRuntime.Engine.Backends.Cpu.Kernels;
using AgentRuntime.Engine.Formats.Gguf.Blocks;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cpu.Matrices.Packing;

/// <summary>
/// Q4_K and Q5_K. Unit of 256 columns: 16 F16 scales and 16 F16 minima of the super-blocks; then for each 32 columns
/// 16 scale bytes, 16 minimum bytes and the values (<see cref="ValuePlanes"/>).
/// </summary>
internal sealed unsafe class SuperBlockFormat(StorageType type) : PackedFormat
{
    private const int Blocks = 8;
    private const int Header = 4 * Panel.Rows;
    private const int BlockHeader = 2 * Panel.Rows;

    private readonly int _bits = type == StorageType.Q5_K ? 5 : 4;

    private int BlockBytes => BlockHeader + ValuePlanes.Bytes(_bits);

    public override int UnitColumns => 256;
    public override int UnitBytes => Header + Blocks * BlockBytes;
    public override int SourceBytes => _bits == 5 ? 176 : 144;
    public override TileForm InputForm => TileForm.BlockSums;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Pack(byte** rows, byte* stretch, int index, int units)
    {
        var unit = stretch + index * UnitBytes;
        var values = stackalloc byte[32];
        var planes = stackalloc byte[Panel.BlockBytes];
        for (var r = 0; r < Panel.Rows; r++)
        {
            ((ushort*)unit)[r] = *(ushort*)rows[r];
            ((ushort*)unit)[Panel.Rows + r] = *(ushort*)(rows[r] + 2);
        }
        for (var b = 0; b < Blocks; b++)
        {
            var block = unit + Header + b * BlockBytes;
            for (var r = 0; r < Panel.Rows; r++)
            {
                var row = rows[r];
                var (scale, minimum) = KScales.Get(new ReadOnlySpan<byte>(row + 4, KScales.Bytes), b);
                block[r] = (byte)scale;
                block[Panel.Rows + r] = (byte)minimum;
                var nibbles = row + (_bits == 5 ? 48 : 16) + b / 2 * 32;
                for (var i = 0; i < 32; i++)
                {
                    var fifth = _bits == 5 ? (row[16 + i] >> b & 1) << 4 : 0;
                    values[i] = (byte)(nibbles[i] >> b % 2 * 4 & 15 | fifth);
                }
                ValuePlanes.Scatter(values, r, planes);
            }
            ValuePlanes.Pack(planes, _bits, block + BlockHeader);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override Panel Open(byte* unit, int columns, PanelScratch scratch, bool unpack)
    {
        float* scales = scratch.Scales, minima = scratch.Minima;
        var values = scratch.Values;
        var panel = new Panel { Values = values, Stride = Panel.BlockBytes, Scales = scales, Minima = minima, Bits = _bits };
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
            var (lowMinimum, highMinimum) = ScaleRows.Halves(unit + 2 * Panel.Rows);
            unit += Header;
            for (var b = 0; b < Blocks; b++, unit += BlockBytes)
            {
                var (low, high) = ScaleRows.Bytes(unit);
                ScaleRows.Store(low * lowScale, high * highScale, scales);
                (low, high) = ScaleRows.Bytes(unit + Panel.Rows);
                ScaleRows.Store(low * lowMinimum, high * highMinimum, minima);
                if (unpack) ValuePlanes.Unpack(unit + BlockHeader, _bits, values);
                scales += Panel.Rows;
                minima += Panel.Rows;
                values += Panel.BlockBytes;
            }
        }
        return panel;
    }
}
