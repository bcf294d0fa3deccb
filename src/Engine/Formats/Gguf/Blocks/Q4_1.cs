namespace AgentRuntime.Engine.Formats.Gguf.Blocks;

/// <summary>
/// 32 values in 20 bytes. 0: scale d, 2: minimum m (F16); 4: 16 bytes, byte j holds value j in its low and value
/// j + 16 in its high four bits. Value = d * q + m.
/// </summary>
internal static class Q4_1
{
    public static void ToFloat(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = BlockBytes.Half(block, 0), minimum = BlockBytes.Half(block, 2);
        for (var j = 0; j < 16; j++)
        {
            values[j] = scale * (block[4 + j] & 15) + minimum;
            values[j + 16] = scale * (block[4 + j] >> 4) + minimum;
        }
    }
}
