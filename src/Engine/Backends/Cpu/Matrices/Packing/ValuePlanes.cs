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
            var plane = Vector256.Load(packed + 256 + i).AsUInt16();
            for (var quad = 0; quad < 4; quad++)
            {
                var both = Vector256.Load(packed + quad * Quad + i);
                (Low(both) | Fifth(plane >>> quad)).Store(block + quad * Quad + i);
                (High(both) | Fifth(plane >>> (quad + 4))).Store(block + (quad + 4) * Quad + i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Unpack6(byte* packed, byte* block)
    {
        for (var i = 0; i < Quad; i += 32)
        {
            var first = Vector256.Load(packed + 256 + i).AsUInt16();
            var second = Vector256.Load(packed + 256 + Quad + i).AsUInt16();
            for (var quad = 0; quad < 4; quad++)
            {
                var both = Vector256.Load(packed + quad * Quad + i);
                (Low(both) | Upper(first >>> 2 * quad)).Store(block + quad * Quad + i);
                (High(both) | Upper(second >>> 2 * quad)).Store(block + (quad + 4) * Quad + i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Low(Vector256<byte> both) => both & Vector256.Create((byte)15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> High(Vector256<byte> both) => (both.AsUInt16() >>> 4).AsByte() & Vector256.Create((byte)15);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Fifth(Vector256<ushort> plane) => ((plane & Vector256.Create((ushort)0x0101)) << 4).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Upper(Vector256<ushort> plane) => ((plane & Vector256.Create((ushort)0x0303)) << 4).AsByte();
}
