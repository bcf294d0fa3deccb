using System.Runtime.CompilerServices;

namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>
/// The inputs of a tile of T tokens as the dot kernels read them, side by side so that one pointer serves all: per block of
/// 32 columns 8 quads of T times 4 bytes, then T scales. Where weights have minima, scaled sums follow the last block, T for
/// each block or half block.
/// </summary>
internal unsafe struct TileInput
{
    /// <summary>Floats of a block, and of what comes before its scales, to be multiplied by T.</summary>
    public const int BlockFloats = 9, Scales = 8;

    /// <summary>Floats of a block with all that may follow, to be multiplied by T.</summary>
    public const int LargestBlockFloats = BlockFloats + 2;

    /// <summary>The first block.</summary>
    public float* Blocks;

    /// <summary>The first block's sums.</summary>
    public float* Sums;

    /// <summary>Packs the rows of <paramref name="count"/> tokens; the rest of the tile repeats the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(Activations x, int* rows, int count, int tileTokens, int columns, TileSums sums, float* tile)
    {
        var blocks = columns / 32;
        for (var t = 0; t < tileTokens; t++)
        {
            var row = rows[Math.Min(t, count - 1)];
            var values = (long*)x.Values(row);
            var scales = x.Scales(row);
            var block = tile + t;
            for (var b = 0; b < blocks; b++, values += 4, block += BlockFloats * tileTokens)
            {
                var quads = (int*)block;
                for (var pair = 0; pair < 4; pair++, quads += 2 * tileTokens)
                {
                    var both = values[pair];
                    quads[0] = (int)both;
                    quads[tileTokens] = (int)(both >> 32);
                }
                block[Scales * tileTokens] = scales[b];
            }
            if (sums == TileSums.None) continue;
            var source = sums == TileSums.Halves ? x.HalfSums(row) : x.Sums(row);
            var total = sums == TileSums.Halves ? 2 * blocks : blocks;
            for (var i = 0; i < total; i++) block[i * tileTokens] = source[i];
        }
    }

    /// <summary>A tile from a block on.</summary>
    /// <param name="tile">Where it was packed.</param>
    /// <param name="tileTokens">T.</param>
    /// <param name="columns">All columns.</param>
    /// <param name="column">The column of the first block.</param>
    /// <param name="sums">The sums that it was packed with.</param>
    public static TileInput At(float* tile, int tileTokens, int columns, int column, TileSums sums) => new()
    {
        Blocks = tile + column / 32 * BlockFloats * tileTokens,
        Sums = tile + (columns / 32 * BlockFloats + column / (sums == TileSums.Halves ? 16 : 32)) * tileTokens,
    };
}
