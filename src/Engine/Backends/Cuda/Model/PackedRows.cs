using System.Buffers.Binary;
using System.Runtime.InteropServices;
using AgentRuntime.Engine.Formats.Gguf;
using AgentRuntime.Engine.Formats.Gguf.Blocks;
using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Backends.Cuda.Model;

/// <summary>
/// The rows of a matrix as the kernels read them: what a file mixes in blocks (values, scales) lies in planes, one after
/// the other, values in the order of their columns, and a row is a multiple of 16 bytes, so that values are read 16 bytes
/// at a time. Nothing is rounded. native/kernels/src/weights.h describes the planes of each type.
/// </summary>
internal static class PackedRows
{
    private const int Group = 32;
    private const int Block = 256;

    /// <summary>The type that a stored type has on the device: its own where there are kernels for it, otherwise halves.</summary>
    public static StorageType TypeOf(StorageType stored) => stored is StorageType.F32 or StorageType.F16 or StorageType.BF16 or StorageType.Q8_0
        or StorageType.Q4_0 or StorageType.Q4_K or StorageType.Q5_K or StorageType.Q6_K or StorageType.MXFP4 ? stored : StorageType.F16;

    /// <summary>Bytes of a row on the device.</summary>
    public static long RowBytes(StorageType stored, long columns)
    {
        var layout = StorageLayout.Of(TypeOf(stored));
        // Plain floats are read eight at a time; behind the last there are zeros.
        var bytes = layout.Bytes(layout.BlockLength == 1 ? checked((columns + 7) / 8 * 8) : columns);
        return checked((bytes + 15) / 16 * 16);
    }

    /// <summary>Writes a stored row as the kernels read it.</summary>
    /// <param name="stored">The type of <paramref name="row"/>.</param>
    /// <param name="row">A file's bytes.</param>
    /// <param name="columns">Values of the row.</param>
    /// <param name="packed">Receives <see cref="RowBytes"/> bytes.</param>
    public static void Pack(StorageType stored, ReadOnlySpan<byte> row, int columns, Span<byte> packed)
    {
        packed.Clear();
        switch (stored)
        {
            case StorageType.F32 or StorageType.F16 or StorageType.BF16: row.CopyTo(packed); break;
            case StorageType.Q8_0: PackQ8_0(row, columns, packed); break;
            case StorageType.Q4_0: PackQ4_0(row, columns, packed); break;
            case StorageType.MXFP4: PackMXFP4(row, columns, packed); break;
            case StorageType.Q4_K: PackQ4_K(row, columns, packed); break;
            case StorageType.Q5_K: PackQ5_K(row, columns, packed); break;
            case StorageType.Q6_K: PackQ6_K(row, columns, packed); break;
            default: PackHalves(stored, row, columns, packed); break;
        }
    }

    private static void PackHalves(StorageType stored, ReadOnlySpan<byte> row, int columns, Span<byte> packed)
    {
        var floats = new float[columns];
        Dequantizer.ToFloat(stored, row, floats);
        var halves = MemoryMarshal.Cast<byte, Half>(packed);
        for (var i = 0; i < columns; i++) halves[i] = (Half)floats[i];
    }

    private static void PackQ8_0(ReadOnlySpan<byte> row, int columns, Span<byte> packed)
    {
        for (var g = 0; g < columns / Group; g++)
        {
            row.Slice(g * 34, 2).CopyTo(packed[(columns + g * 2)..]);
            row.Slice(g * 34 + 2, Group).CopyTo(packed[(g * Group)..]);
        }
    }

    private static void PackQ4_0(ReadOnlySpan<byte> row, int columns, Span<byte> packed)
    {
        Span<byte> quants = stackalloc byte[Group];
        for (var g = 0; g < columns / Group; g++)
        {
            row.Slice(g * 18, 2).CopyTo(packed[(columns / 2 + g * 2)..]);
            SplitHalves(row.Slice(g * 18 + 2, 16), quants);
            PackNibbles(quants, packed[(g * Group / 2)..]);
        }
    }

    private static void PackMXFP4(ReadOnlySpan<byte> row, int columns, Span<byte> packed)
    {
        Span<byte> quants = stackalloc byte[Group];
        for (var g = 0; g < columns / Group; g++)
        {
            packed[columns / 2 + g] = row[g * 17];
            SplitHalves(row.Slice(g * 17 + 1, 16), quants);
            // In the order of the columns, as the kernels' table lookup takes them.
            for (var i = 0; i < Group / 2; i++) packed[g * Group / 2 + i] = (byte)(quants[2 * i] | quants[2 * i + 1] << 4);
        }
    }

    private static void PackQ4_K(ReadOnlySpan<byte> row, int columns, Span<byte> packed)
    {
        Span<byte> quants = stackalloc byte[Block];
        for (var b = 0; b < columns / Block; b++)
        {
            var block = row.Slice(b * 144, 144);
            for (var i = 0; i < Block; i++) quants[i] = (byte)(block[16 + i / 64 * 32 + i % 32] >> i % 64 / 32 * 4 & 15);
            PackNibbles(quants, packed[(b * Block / 2)..]);
            PackScales(block, packed[(columns / 2 + b * 16)..]);
        }
    }

    private static void PackQ5_K(ReadOnlySpan<byte> row, int columns, Span<byte> packed)
    {
        Span<byte> quants = stackalloc byte[Block];
        var fifths = columns / 2 + columns / Block * 16;
        for (var b = 0; b < columns / Block; b++)
        {
            var block = row.Slice(b * 176, 176);
            for (var i = 0; i < Block; i++) quants[i] = (byte)(block[48 + i / 64 * 32 + i % 32] >> i % 64 / 32 * 4 & 15);
            PackNibbles(quants, packed[(b * Block / 2)..]);
            PackScales(block, packed[(columns / 2 + b * 16)..]);
            for (var j = 0; j < Block / Group; j++)
            {
                // Bit 8 (i % 4) + i / 4 is that of value i of the group: shifted by i / 4 it stands in its byte.
                uint word = 0;
                for (var i = 0; i < Group; i++) word |= (uint)(block[16 + i] >> j & 1) << (8 * (i % 4) + i / 4);
                BinaryPrimitives.WriteUInt32LittleEndian(packed[(fifths + (b * 8 + j) * 4)..], word);
            }
        }
    }

    private static void PackQ6_K(ReadOnlySpan<byte> row, int columns, Span<byte> packed)
    {
        Span<byte> low = stackalloc byte[Block], high = stackalloc byte[Block];
        int highs = columns / 2, scales = highs + columns / 4, factors = scales + columns / 16;
        for (var b = 0; b < columns / Block; b++)
        {
            var block = row.Slice(b * 210, 210);
            for (var i = 0; i < Block; i++)
            {
                var (half, l) = (i / 128, i % 128);
                low[i] = (byte)(block[half * 64 + l % 64] >> l / 64 * 4 & 15);
                high[i] = (byte)(block[128 + half * 32 + l % 32] >> l / 32 * 2 & 3);
            }
            PackNibbles(low, packed[(b * Block / 2)..]);
            for (var word = 0; word < Block / 16; word++)
            {
                // Bits 8 (i % 4) + 2 (i / 4) are those of value i of sixteen.
                uint bits = 0;
                for (var i = 0; i < 16; i++) bits |= (uint)high[word * 16 + i] << (8 * (i % 4) + 2 * (i / 4));
                BinaryPrimitives.WriteUInt32LittleEndian(packed[(highs + b * 64 + word * 4)..], bits);
            }
            block.Slice(192, 16).CopyTo(packed[(scales + b * 16)..]);
            block.Slice(208, 2).CopyTo(packed[(factors + b * 2)..]);
        }
    }

    /// <summary>The 32 values of 16 bytes that hold value j and value j + 16.</summary>
    private static void SplitHalves(ReadOnlySpan<byte> bytes, Span<byte> quants)
    {
        for (var j = 0; j < 16; j++) (quants[j], quants[j + 16]) = ((byte)(bytes[j] & 15), (byte)(bytes[j] >> 4));
    }

    /// <summary>Of each eight values, byte i holds values i and i + 4: two masks give four bytes each, in order.</summary>
    private static void PackNibbles(ReadOnlySpan<byte> quants, Span<byte> packed)
    {
        for (var i = 0; i < quants.Length / 2; i++) packed[i] = (byte)(quants[i / 4 * 8 + i % 4] | quants[i / 4 * 8 + i % 4 + 4] << 4);
    }

    /// <summary>
    /// The 16 bytes of scales of a Q4_K or Q5_K block: d and dmin, then byte j with the low four bits of scale and minimum
    /// j, then four bits for each j, the high two of the scale and of the minimum.
    /// </summary>
    private static void PackScales(ReadOnlySpan<byte> block, Span<byte> packed)
    {
        block[..4].CopyTo(packed);
        uint high = 0;
        for (var j = 0; j < 8; j++)
        {
            var (scale, minimum) = KScales.Get(block.Slice(4, KScales.Bytes), j);
            packed[4 + j] = (byte)(scale & 15 | (minimum & 15) << 4);
            high |= (uint)(scale >> 4 | minimum >> 4 << 2) << (4 * j);
        }
        BinaryPrimitives.WriteUInt32LittleEndian(packed[12..], high);
    }
}
