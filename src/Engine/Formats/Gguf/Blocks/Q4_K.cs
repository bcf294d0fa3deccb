namespace AgentRuntime.Engine.Formats.Gguf.Blocks;

/// <summary>
/// 256 values in 144 bytes. 0: d, 2: dmin (F16); 4: 8 scales s and minima m (<see cref="KScales"/>), one per 32 values;
/// 16: 128 bytes of 4-bit values. Value = d * s * q - dmin * m. Each 64 values have 32 bytes: byte l holds value l in
/// its low and value l + 32 in its high four bits.
/// </summary>
internal static class Q4_K
{
    public static void ToFloat(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = BlockBytes.Half(block, 0), minimum = BlockBytes.Half(block, 2);
        for (var j = 0; j < 8; j++)
        {
            var (s, m) = KScales.Get(block.Slice(4, KScales.Bytes), j);
            float groupScale = scale * s, groupMinimum = minimum * m;
            var quants = block.Slice(16 + j / 2 * 32, 32);
            for (var l = 0; l < 32; l++)
                values[j * 32 + l] = groupScale * (quants[l] >> j % 2 * 4 & 15) - groupMinimum;
        }
    }

    public static void FromFloat(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<byte> quants = stackalloc byte[256];
        KScales.Quantize(values, 15, block, quants);
        for (var i = 0; i < 128; i++)
        {
            var first = i / 32 * 64 + i % 32;
            block[16 + i] = (byte)(quants[first] | quants[first + 32] << 4);
        }
    }
}
