using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>
/// 16 weight rows over some columns, as the dot kernels read them. Per block of 32 columns: 8 quads of 64 bytes, a quad
/// holding 4 columns of each row, row after row. The value of a weight is <c>scale · q - minimum</c>.
/// </summary>
internal unsafe struct Panel
{
    /// <summary>Rows in a panel.</summary>
    public const int Rows = 16;

    /// <summary>Bytes of a block's values.</summary>
    public const int BlockBytes = 32 * Rows;

    /// <summary>The first block's values: signed bytes where <see cref="Signed"/>, otherwise unsigned.</summary>
    public byte* Values;

    /// <summary>Bytes from one block's values to the next's.</summary>
    public nint Stride;

    /// <summary>16 scales per block, or per half block where <see cref="HalfScales"/>.</summary>
    public float* Scales;

    /// <summary>Minima, as many as scales; not read where <see cref="Signed"/>.</summary>
    public float* Minima;

    /// <summary>Values are signed bytes and there are no minima.</summary>
    public bool Signed;

    /// <summary>A scale covers 16 columns instead of 32.</summary>
    public bool HalfScales;

    /// <summary>Bits of an unsigned value: 4, 5, 6 or 8.</summary>
    public int Bits;

    /// <summary>
    /// Values of 4 to 6 bits lie packed (<see cref="Matrices.Packing.ValuePlanes"/>), and <see cref="GroupGap"/> more bytes after every 8 blocks.
    /// </summary>
    public bool Packed;

    /// <summary>Bytes between 8 packed blocks and the next 8.</summary>
    public nint GroupGap;

    /// <summary>
    /// Memory that will be read next, to be prefetched a little with each block; null for none. Products of one token
    /// spend their time waiting for weights, and the processor alone does not look far enough ahead.
    /// </summary>
    public byte* Next;

    /// <summary>Bytes of <see cref="Next"/> to prefetch with each block.</summary>
    public nint NextStep;

    /// <summary>A packed block's values.</summary>
    public readonly byte* Block(int block) => Values + block * Stride + block / 8 * GroupGap;

    /// <summary>Prefetches what belongs to a block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Prefetch(ref byte* next, nint step)
    {
        if (!Sse.IsSupported || next is null) return;
        for (nint line = 0; line < step; line += 64) Sse.Prefetch1(next + line);
        next += step;
    }
}
