namespace AgentRuntime.Engine.Formats.Gguf.Blocks;

/// <summary>
/// 256 values in 176 bytes. 0: d, 2: dmin (F16); 4: 8 scales s and minima m (<see cref="KScales"/>), one per 32 values;
/// 16: 32 bytes of fifth bits, bit j of byte l belongs to value 32 j + l; 48: 128 bytes of low four bits as in
/// <see cref="Q4_K"/>. Value = d * s * q - dmin * m.
/// </summary>
internal static class Q5_K
{
    public static void ToFloat(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = BlockBytes.Half(block, 0), minimum = BlockBytes.Half(block, 2);
        var fifth = block.Slice(16, 32);
        for (var j = 0; j < 8; j++)
        {
            var (s, m) = KScales.Get(block.Slice(4, KScales.Bytes), j);
            float groupScale = scale * s, groupMinimum = minimum * m;
            var quants = block.Slice(48 + j / 2 * 32, 32);
            for (var l = 0; l < 32; l++)
            {
                var q = quants[l] >> j % 2 * 4 & 15 | (fifth[l] >> j & 1) << 4;
                values[j * 32 + l] = groupScale * q - groupMinimum;
            }
        }
    }

    public static void FromFloat(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<byte> quants = stackalloc byte[256];
        KScales.Quantize(values, 31, block, quants);
        block[16..].Clear();
        for (var i = 0; i < 256; i++)
        {
            block[16 + i % 32] |= (byte)(quants[i] >> 4 << i / 32);
            block[48 + i / 64 * 32 + i % 32] |= (byte)((quants[i] & 15) << i % 64 / 32 * 4);
        }
    }
}
