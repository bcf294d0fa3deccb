namespace AgentRuntime.Engine.Formats.Gguf.Blocks;

/// <summary>
/// 256 values in 110 bytes. 0: 32 bytes of third bits; 32: 64 bytes of low two bits; 96: 16 scales of 6 bits in
/// 12 bytes; 108: d (F16). Value = d * (s - 32) * (q - 4).
/// Low bits: each half of 128 values has 32 bytes; byte l holds values l, l + 32, l + 64, l + 96 of the half, lowest
/// bits first. Third bits: bit b of byte l belongs to value 32 b + l. Scale j: its low four bits are in byte j % 8
/// (low half for j below 8), its high two bits in byte 8 + j % 4 at bit 2 (j / 4).
/// </summary>
internal static class Q3_K
{
    public static void ToFloat(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = BlockBytes.Half(block, 108);
        for (var i = 0; i < 256; i++)
        {
            var low = block[32 + i / 128 * 32 + i % 32] >> i % 128 / 32 * 2 & 3;
            var third = block[i % 32] >> i / 32 & 1;
            values[i] = scale * (Scale(block.Slice(96, 12), i / 16) - 32) * ((low | third << 2) - 4);
        }
    }

    private static int Scale(ReadOnlySpan<byte> scales, int j) =>
        scales[j % 8] >> j / 8 * 4 & 15 | (scales[8 + j % 4] >> j / 4 * 2 & 3) << 4;
}
