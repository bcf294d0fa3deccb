namespace AgentRuntime.Engine.Formats.Gguf.Blocks;

/// <summary>
/// 256 values in 210 bytes. 0: 128 bytes of low four bits; 128: 64 bytes of high two bits; 192: 16 signed scales s,
/// one per 16 values; 208: d (F16). Value = d * s * (q - 32). In each half of 128 values: byte l (0 to 63) of its low
/// bits holds value l and, above, value l + 64; byte l (0 to 31) of its high bits holds values l, l + 32, l + 64,
/// l + 96, lowest bits first.
/// </summary>
internal static class Q6_K
{
    public static void ToFloat(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = BlockBytes.Half(block, 208);
        for (var i = 0; i < 256; i++)
        {
            var (half, l) = (i / 128, i % 128);
            var low = block[half * 64 + l % 64] >> l / 64 * 4 & 15;
            var high = block[128 + half * 32 + l % 32] >> l / 32 * 2 & 3;
            values[i] = scale * (sbyte)block[192 + i / 16] * ((low | high << 4) - 32);
        }
    }

    public static void FromFloat(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<float> scales = stackalloc float[16];
        var largestScale = 0f;
        for (var j = 0; j < 16; j++)
        {
            var largest = 0f;
            foreach (var value in values.Slice(j * 16, 16))
                if (Math.Abs(value) > Math.Abs(largest)) largest = value;
            scales[j] = largest / -32;
            if (Math.Abs(scales[j]) > Math.Abs(largestScale)) largestScale = scales[j];
        }
        block.Clear();
        var scale = BlockBytes.SetHalf(block, 208, largestScale / -128);
        for (var j = 0; j < 16; j++)
        {
            var s = BlockBytes.Round(scales[j] * BlockBytes.Inverse(scale), -128, 127);
            block[192 + j] = (byte)(sbyte)s;
            var inverse = BlockBytes.Inverse(scale * s);
            for (var i = j * 16; i < j * 16 + 16; i++) Store(block, i, BlockBytes.Round(values[i] * inverse, -32, 31) + 32);
        }
    }

    private static void Store(Span<byte> block, int i, int q)
    {
        var (half, l) = (i / 128, i % 128);
        block[half * 64 + l % 64] |= (byte)((q & 15) << l / 64 * 4);
        block[128 + half * 32 + l % 32] |= (byte)(q >> 4 << l / 32 * 2);
    }
}
