using System.Buffers.Binary;

namespace AgentRuntime.Engine.Formats.Gguf.Blocks;

/// <summary>
/// 32 values in 22 bytes. 0: scale d (F16); 2: 32 bits, bit j is the fifth bit of value j; 6: 16 bytes, byte j holds
/// the low four bits of value j and, above them, of value j + 16. Value = d * (q - 16).
/// </summary>
internal static class Q5_0
{
    public static void ToFloat(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = BlockBytes.Half(block, 0);
        var fifth = BinaryPrimitives.ReadUInt32LittleEndian(block[2..]);
        for (var j = 0; j < 16; j++)
        {
            values[j] = scale * ((block[6 + j] & 15 | (int)(fifth >> j & 1) << 4) - 16);
            values[j + 16] = scale * ((block[6 + j] >> 4 | (int)(fifth >> (j + 16) & 1) << 4) - 16);
        }
    }

    /// <summary>The value of largest magnitude becomes -16, the end of the range that reaches further.</summary>
    public static void FromFloat(ReadOnlySpan<float> values, Span<byte> block)
    {
        var largest = 0f;
        foreach (var value in values)
            if (Math.Abs(value) > Math.Abs(largest)) largest = value;
        var inverse = BlockBytes.Inverse(BlockBytes.SetHalf(block, 0, largest / -16));
        uint fifth = 0;
        for (var j = 0; j < 16; j++)
        {
            var low = BlockBytes.Round(values[j] * inverse, -16, 15) + 16;
            var high = BlockBytes.Round(values[j + 16] * inverse, -16, 15) + 16;
            block[6 + j] = (byte)(low & 15 | (high & 15) << 4);
            fifth |= (uint)(low >> 4) << j | (uint)(high >> 4) << (j + 16);
        }
        BinaryPrimitives.WriteUInt32LittleEndian(block[2..], fifth);
    }
}
