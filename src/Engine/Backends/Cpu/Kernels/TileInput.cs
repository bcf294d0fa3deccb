using System.Runtime.CompilerServices;

namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>
/// The inputs of a tile of T tokens as the dot kernels read them, one pointer for all: per block of 32 columns 8 quads of
/// T times 4 bytes; then, T of each: scales, scaled sums, those of the first and of the second half, and -128 times the sum of
/// bytes as integers. A block takes <see cref="BlockFloats"/> · T floats.
/// </summary>
internal static unsafe class TileInput
{
    /// <summary>Floats of a block, and within it of what comes before each part, to be multiplied by the tile's tokens.</summary>
    public const int BlockFloats = 13, Scales = 8, Sums = 9, HalfSums = 10, Offsets = 12;

    /// <summary>Packs the rows of <paramref name="count"/> tokens; the rest of the tile repeats the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(Activations x, int* rows, int count, int tileTokens, int columns, float* tile)
    {
        for (var t = 0; t < tileTokens; t++)
        {
            var row = rows[Math.Min(t, count - 1)];
            var values = (int*)x.Values(row);
            float* scales = x.Scales(row), sums = x.Sums(row), halfSums = x.HalfSums(row);
            var byteSums = x.ByteSums(row);
            var block = tile + t;
            for (var b = 0; b < columns / 32; b++, values += 8, block += BlockFloats * tileTokens)
            {
                var quads = (int*)block;
                for (var quad = 0; quad < 8; quad++) quads[quad * tileTokens] = values[quad];
                block[Scales * tileTokens] = scales[b];
                block[Sums * tileTokens] = sums[b];
                block[HalfSums * tileTokens] = halfSums[2 * b];
                block[(HalfSums + 1) * tileTokens] = halfSums[2 * b + 1];
                quads[Offsets * tileTokens] = -128 * byteSums[b];
            }
        }
    }
}
