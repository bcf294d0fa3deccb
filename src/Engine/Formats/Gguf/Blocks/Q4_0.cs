namespace AgentRuntime.Engine.Formats.Gguf.Blocks;

/// <summary>
/// 32 values in 18 bytes. 0: scale d (F16); 2: 16 bytes, byte j holds value j in its low and value j + 16 in its high
/// four bits. Value = d * (q - 8).
/// </summary>
internal static class Q4_0
{
    public static void ToFloat(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = BlockBytes.Half(block, 0);
        for (var j = 0; j < 16; j++)
        {
            values[j] = scale * ((block[2 + j] & 15) - 8);
            values[j + 16] = scale * ((block[2 + j] >> 4) - 8);
        }
    }

    /// <summary>The value of largest magnitude becomes -8, the end of the range that reaches further.</summary>
    public static void FromFloat(ReadOnlySpan<float> values, Span<byte> block)
    {
        var largest = 0f;
        foreach (var value in values)
            if (Math.Abs(value) > Math.Abs(largest)) largest = value;
        var inverse = BlockBytes.Inverse(BlockBytes.SetHalf(block, 0, largest / -8));
        for (var j = 0; j < 16; j++)
        {
            var low = BlockBytes.Round(values[j] * inverse, -8, 7) + 8;
            var high = BlockBytes.Round(values[j + 16] * inverse, -8, 7) + 8;
            block[2 + j] = (byte)(low | high << 4);
        }
    }
}
