using System.Runtime.CompilerServices;
using AgentRuntime.Engine.Backends.Cpu.Kernels;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cpu.Matrices.Packing;

/// <summary>
/// Q4_0, Q4_1, Q5_0 and Q5_1. Unit of 32 columns: 16 F16 scales, 16 F16 minima where the type has them, then the values
/// (<see cref="ValuePlanes"/>).
/// </summary>
internal sealed unsafe class SmallBlockFormat : PackedFormat
{
    private readonly int _bits;
    private readonly bool _hasMinima;
    private readonly int _header;

    public SmallBlockFormat(StorageType type)
    {
        _bits = type is StorageType.Q5_0 or StorageType.Q5_1 ? 5 : 4;
        _hasMinima = type is StorageType.Q4_1 or StorageType.Q5_1;
        _header = (_hasMinima ? 4 : 2) * Panel.Rows;
    }

    public override int UnitColumns => 32;
    public override int UnitBytes => _header + ValuePlanes.Bytes(_bits);
    public override int SourceBytes => (_hasMinima ? 4 : 2) + (_bits == 5 ? 4 : 0) + 16;
    public override TileForm InputForm => TileForm.BlockSums;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Pack(byte** rows, byte* stretch, int index, int units)
    {
        var unit = stretch + index * UnitBytes;
        var block = stackalloc byte[Panel.BlockBytes];
        var values = stackalloc byte[32];
        for (var r = 0; r < Panel.Rows; r++)
        {
            var row = rows[r];
            ((ushort*)unit)[r] = *(ushort*)row;
            row += 2;
            if (_hasMinima)
            {
                ((ushort*)unit)[Panel.Rows + r] = *(ushort*)row;
                row += 2;
            }
            uint fifth = 0;
            if (_bits == 5)
            {
                fifth = *(uint*)row;
                row += 4;
            }
            for (var i = 0; i < 16; i++)
            {
                values[i] = (byte)((uint)(row[i] & 15) | (fifth >> i & 1) << 4);
                values[i + 16] = (byte)((uint)(row[i] >> 4) | (fifth >> (i + 16) & 1) << 4);
            }
            ValuePlanes.Scatter(values, r, block);
        }
        ValuePlanes.Pack(block, _bits, unit + _header);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override Panel Open(byte* unit, int columns, PanelScratch scratch, bool unpack)
    {
        float zeroPoint = 1 << (_bits - 1);
        var panel = new Panel { Values = scratch.Values, Stride = Panel.BlockBytes, Scales = scratch.Scales, Minima = scratch.Minima, Bits = _bits };
        if (!unpack)
        {
            panel.Packed = true;
            panel.Values = unit + _header;
            panel.Stride = UnitBytes;
        }
        for (var block = 0; block < columns / 32; block++, unit += UnitBytes)
        {
            var (low, high) = ScaleRows.Halves(unit);
            ScaleRows.Store(low, high, scratch.Scales + block * Panel.Rows);
            if (_hasMinima)
            {
                // These types add their minimum, a panel subtracts it.
                var (lowMinimum, highMinimum) = ScaleRows.Halves(unit + 2 * Panel.Rows);
                ScaleRows.Store(-lowMinimum, -highMinimum, scratch.Minima + block * Panel.Rows);
            }
            else
            {
                ScaleRows.Store(low * zeroPoint, high * zeroPoint, scratch.Minima + block * Panel.Rows);
            }
            if (unpack) ValuePlanes.Unpack(unit + _header, _bits, scratch.Values + block * Panel.BlockBytes);
        }
        return panel;
    }
}
