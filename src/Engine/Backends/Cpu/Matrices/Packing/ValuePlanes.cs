using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using AgentRuntime.Engine.Backends.Cpu.Kernels;

namespace AgentRuntime.Engine.Backends.Cpu.Matrices.Packing;

/// <summary>
/// The values of a block of 32 columns by 16 rows (512 bytes, quad by quad: see <see cref="Panel"/>) in 4, 5 or 6 bits:
/// 256 bytes with quads 0 to 3 in the low and 4 to 7 in the high four bits; then for 5 bits 64 bytes whose bit k is
/// quad k's fifth bit; for 6 bits 128 bytes with the upper two bits of quads 0 to 3, then of 4 to 7, lowest first.
/// </summary>
internal static unsafe class ValuePlanes
{
    private const int Quad = 64;

    /// <summary>Bytes of a block at 4, 5 or 6 bits a value.</summary>
    public static int Bytes(int bits) => 256 + (bits - 4) * 64;

    /// <summary>Puts one row's 32 values into an unpacked block.</summary>
    public static void Scatter(byte* row, int r, byte* block)
    {
        for (var quad = 0; quad < 8; quad++) *(int*)(block + quad * Quad + 4 * r) = ((int*)row)[quad];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(byte* block, int bits, byte* packed)
    {
        for (var i = 0; i < 256; i++) packed[i] = (byte)(block[i] & 15 | block[i + 256] << 4);
        packed += 256;
        if (bits == 5)
        {
            for (var i = 0; i < Quad; i++)
            {
                var plane = 0;
                for (var quad = 0; quad < 8; quad++) plane |= (block[quad * Quad + i] >> 4) << quad;
                packed[i] = (byte)plane;
            }
        }
        else if (bits == 6)
        {
            for (var i = 0; i < 2 * Quad; i++)
            {
                var plane = 0;
                for (var quad = 0; quad < 4; quad++) plane |= (block[(i / Quad * 4 + quad) * Quad + i % Quad] >> 4) << 2 * quad;
                packed[i] = (byte)plane;
            }
        }
    }

    public static void Unpack(byte* packed, int bits, byte* block)
    {
        switch (bits)
        {
            case 4: Unpack4(packed, block); break;
            case 5: Unpack5(packed, block); break;
            default: Unpack6(packed, block); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Unpack4(byte* packed, byte* block)
    {
        for (var i = 0; i < 256; i += 32)
        {
            var both = Vector256.Load(packed + i);
            Low(both).Store(block + i);
            High(both).Store(block + i + 256);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Unpack5(byte* packed, byte* block)
    {
        for (var i = 0; i < Quad; i += 32)
        {
            // Spelt out, so that each shift is by a constant.
            var plane = Vector256.Load(packed + 256 + i).AsUInt16();
            Unpack5(packed + i, plane << 4, plane, block + i);
            Unpack5(packed + Quad + i, plane << 3, plane >>> 1, block + Quad + i);
            Unpack5(packed + 2 * Quad + i, plane << 2, plane >>> 2, block + 2 * Quad + i);
            Unpack5(packed + 3 * Quad + i, plane << 1, plane >>> 3, block + 3 * Quad + i);
        }
    }

    /// <summary>A quad and the fourth after it; their fifth bits stand at bit 4 of each byte of the planes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Unpack5(byte* packed, Vector256<ushort> lowPlane, Vector256<ushort> highPlane, byte* block)
    {
        var bit = Vector256.Create((byte)16);
        var both = Vector256.Load(packed);
        (Low(both) | (lowPlane.AsByte() & bit)).Store(block);
        (High(both) | (highPlane.AsByte() & bit)).Store(block + 4 * Quad);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Unpack6(byte* packed, byte* block)
    {
        for (var i = 0; i < Quad; i += 32)
        {
            var first = Vector256.Load(packed + 256 + i).AsUInt16();
            var second = Vector256.Load(packed + 256 + Quad + i).AsUInt16();
            Unpack6(packed + i, first << 4, second << 4, block + i);
            Unpack6(packed + Quad + i, first << 2, second << 2, block + Quad + i);
            Unpack6(packed + 2 * Quad + i, first, second, block + 2 * Quad + i);
            Unpack6(packed + 3 * Quad + i, first >>> 2, second >>> 2, block + 3 * Quad + i);
        }
    }

    /// <summary>A quad and the fourth after it; their upper bits stand at bits 4 and 5 of each byte of the planes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Unpack6(byte* packed, Vector256<ushort> lowPlane, Vector256<ushort> highPlane, byte* block)
    {
        var bits = Vector256.Create((byte)0x30);
        var both = Vector256.Load(packed);
        (Low(both) | (lowPlane.AsByte() & bits)).Store(block);
        (High(both) | (highPlane.AsByte() & bits)).Store(block + 4 * Quad);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Low(Vector256<byte> both) => both & Vector256.Create((byte)15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> High(Vector256<byte> both) => (both.AsUInt16() >>> 4).AsByte() & Vector256.Create((byte)15);
}
