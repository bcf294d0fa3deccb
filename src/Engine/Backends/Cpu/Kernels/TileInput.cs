using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>
/// The inputs of a tile of T tokens as the dot kernels read them, side by side so that one pointer serves all: per block of
/// 32 columns 8 quads of T times 4 bytes, then T scales. Where weights have minima, scaled sums follow the last block, T for
/// each block or half block.
/// In split form the quads hold magnitudes, and 8 quads of masks, set where an input is negative, and T corrections follow
/// the scales: since -w = ~w + 1, a weight only needs to be xored with the mask before it meets the magnitude, and the sum
/// of the negative inputs' magnitudes makes up for the rest. So signed bytes are multiplied by an instruction that wants
/// one side unsigned, without a look at the weights' signs.
/// </summary>
internal unsafe struct TileInput
{
    /// <summary>Floats of a block, in split form, and of what comes before its parts; all to be multiplied by T.</summary>
    public const int BlockFloats = 9, SplitBlockFloats = 18, Scales = 8, Masks = 9, Corrections = 17;

    /// <summary>The most floats that a block needs with all that may follow, to be multiplied by T.</summary>
    public const int LargestBlockFloats = SplitBlockFloats;

    /// <summary>The first block.</summary>
    public float* Blocks;

    /// <summary>The first block's sums.</summary>
    public float* Sums;

    /// <summary>Packs the rows of <paramref name="count"/> tokens; the rest of the tile repeats the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(Activations x, int* rows, int count, int tileTokens, int columns, TileForm form, float* tile)
    {
        for (var t = 0; t < tileTokens; t++)
        {
            var row = rows[Math.Min(t, count - 1)];
            if (form == TileForm.Split) PackSplit(x, row, tileTokens, columns / 32, tile + t);
            else Pack(x, row, tileTokens, columns / 32, form, tile + t);
        }
    }

    /// <summary>A packed tile from a column on.</summary>
    public static TileInput At(float* tile, int tileTokens, int columns, int column, TileForm form) => new()
    {
        Blocks = tile + column / 32 * (form == TileForm.Split ? SplitBlockFloats : BlockFloats) * tileTokens,
        Sums = tile + (columns / 32 * BlockFloats + column / (form == TileForm.HalfBlockSums ? 16 : 32)) * tileTokens,
    };

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack(Activations x, int row, int tileTokens, int blocks, TileForm form, float* block)
    {
        var values = (int*)x.Values(row);
        var scales = x.Scales(row);
        for (var b = 0; b < blocks; b++, values += 8, block += BlockFloats * tileTokens)
        {
            for (var quad = 0; quad < 8; quad++) ((int*)block)[quad * tileTokens] = values[quad];
            block[Scales * tileTokens] = scales[b];
        }
        if (form == TileForm.Plain) return;
        var sums = form == TileForm.HalfBlockSums ? x.HalfSums(row) : x.Sums(row);
        var count = form == TileForm.HalfBlockSums ? 2 * blocks : blocks;
        for (var i = 0; i < count; i++) block[i * tileTokens] = sums[i];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackSplit(Activations x, int row, int tileTokens, int blocks, float* block)
    {
        var values = x.Values(row);
        var scales = x.Scales(row);
        var split = stackalloc int[16];
        for (var b = 0; b < blocks; b++, values += 32, block += SplitBlockFloats * tileTokens)
        {
            var bytes = Vector256.Load(values);
            var negative = Vector256.LessThan(bytes, Vector256<sbyte>.Zero);
            var magnitudes = Vector256.Abs(bytes);
            magnitudes.Store((sbyte*)split);
            negative.Store((sbyte*)(split + 8));
            for (var quad = 0; quad < 8; quad++)
            {
                ((int*)block)[quad * tileTokens] = split[quad];
                ((int*)block)[(Masks + quad) * tileTokens] = split[8 + quad];
            }
            block[Scales * tileTokens] = scales[b];
            // 32 magnitudes of at most 127.
            var (low, high) = Vector256.Widen((magnitudes & negative).AsByte());
            ((int*)block)[Corrections * tileTokens] = Vector256.Sum(low + high);
        }
    }
}
