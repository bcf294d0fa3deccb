namespace AgentRuntime.Engine.Formats.Gguf.Blocks;

/// <summary>
/// 32 values in 17 bytes. 0: exponent e; 1: 16 bytes, byte j holds value j in its low and value j + 16 in its high four
/// bits. Value = 2^(e - 127) * E2M1[q] (OCP Microscaling Formats specification 1.0).
/// </summary>
internal static class MXFP4
{
    /// <summary>Twice the values of the 4-bit floats, to be whole numbers.</summary>
    private static ReadOnlySpan<sbyte> Doubled => [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    public static void ToFloat(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = MathF.ScaleB(1, block[0] - 128);
        for (var j = 0; j < 16; j++)
        {
            values[j] = scale * Doubled[block[1 + j] & 15];
            values[j + 16] = scale * Doubled[block[1 + j] >> 4];
        }
    }
}
