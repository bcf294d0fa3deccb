namespace AgentRuntime.Engine.Formats.Gguf.Blocks;

/// <summary>
/// 32 values in 18 bytes. 0: scale d (F16); 2: 16 bytes, byte j holds value j in its low and value j + 16 in its high
/// four bits. Value = d * Table[q].
/// </summary>
internal static class IQ4_NL
{
    /// <summary>The 16 levels, denser around 0, of the IQ4 types.</summary>
    public static ReadOnlySpan<sbyte> Table => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    public static void ToFloat(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = BlockBytes.Half(block, 0);
        for (var j = 0; j < 16; j++)
        {
            values[j] = scale * Table[block[2 + j] & 15];
            values[j + 16] = scale * Table[block[2 + j] >> 4];
        }
    }
}
