namespace AgentRuntime.Engine.Formats.Gguf.Blocks;

/// <summary>
/// The 12 bytes that hold 8 scales and 8 minima of 6 bits each in Q4_K and Q5_K. For j below 4 the scale is the low
/// six bits of byte j and the minimum those of byte j + 4. For j from 4 the low four bits of scale and minimum share
/// byte j + 4, and their high two bits are the top bits of bytes j - 4 and j.
/// </summary>
internal static class KScales
{
    public const int Bytes = 12;

    public static (int Scale, int Minimum) Get(ReadOnlySpan<byte> scales, int j) => j < 4
        ? (scales[j] & 63, scales[j + 4] & 63)
        : (scales[j + 4] & 15 | scales[j - 4] >> 6 << 4, scales[j + 4] >> 4 | scales[j] >> 6 << 4);

    /// <summary>Stores scale and minimum <paramref name="j"/>; the bytes must be zero at first.</summary>
    public static void Set(Span<byte> scales, int j, int scale, int minimum)
    {
        if (j < 4)
        {
            scales[j] |= (byte)scale;
            scales[j + 4] |= (byte)minimum;
            return;
        }
        scales[j + 4] |= (byte)(scale & 15 | (minimum & 15) << 4);
        scales[j - 4] |= (byte)(scale >> 4 << 6);
        scales[j] |= (byte)(minimum >> 4 << 6);
    }

    /// <summary>
    /// Chooses scales and minima for 8 groups of 32 values, stores them with d and dmin in the block's first 16 bytes
    /// and gives the whole numbers 0 … <paramref name="levels"/> that the values become: value = d s q - dmin m.
    /// </summary>
    public static void Quantize(ReadOnlySpan<float> values, int levels, Span<byte> block, Span<byte> quants)
    {
        Span<float> scales = stackalloc float[8], minima = stackalloc float[8];
        float largestScale = 0, largestMinimum = 0;
        for (var j = 0; j < 8; j++)
        {
            float least = 0, most = 0; // a minimum can only be subtracted, so the range always holds 0 at its low end
            foreach (var value in values.Slice(j * 32, 32)) (least, most) = (Math.Min(least, value), Math.Max(most, value));
            (scales[j], minima[j]) = ((most - least) / levels, -least);
            (largestScale, largestMinimum) = (Math.Max(largestScale, scales[j]), Math.Max(largestMinimum, minima[j]));
        }
        var scale = BlockBytes.SetHalf(block, 0, largestScale / 63);
        var minimum = BlockBytes.SetHalf(block, 2, largestMinimum / 63);
        var packed = block.Slice(4, Bytes);
        packed.Clear();
        for (var j = 0; j < 8; j++)
        {
            var s = BlockBytes.Round(scales[j] * BlockBytes.Inverse(scale), 0, 63);
            var m = BlockBytes.Round(minima[j] * BlockBytes.Inverse(minimum), 0, 63);
            Set(packed, j, s, m);
            var inverse = BlockBytes.Inverse(scale * s);
            for (var i = j * 32; i < j * 32 + 32; i++)
                quants[i] = (byte)BlockBytes.Round((values[i] + minimum * m) * inverse, 0, levels);
        }
    }
}
