namespace AgentRuntime.Engine.Formats.Gguf.Blocks;

/// <summary>
/// 256 values in 84 bytes. 0: 16 bytes, one per 16 values, scale s in the low and minimum m in the high four bits;
/// 16: 64 bytes of 2-bit values; 80: d, 82: dmin (F16). Value = d * s * q - dmin * m.
/// Each half of 128 values has 32 bytes; byte l holds values l, l + 32, l + 64, l + 96 of the half, lowest bits first.
/// </summary>
internal static class Q2_K
{
    public static void ToFloat(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = BlockBytes.Half(block, 80), minimum = BlockBytes.Half(block, 82);
        for (var i = 0; i < 256; i++)
        {
            var quants = block[16 + i / 128 * 32 + i % 32];
            var q = quants >> i % 128 / 32 * 2 & 3;
            var group = block[i / 16];
            values[i] = scale * (group & 15) * q - minimum * (group >> 4);
        }
    }
}
