using System.Buffers.Binary;

namespace AgentRuntime.Engine.Formats.Gguf.Blocks;

/// <summary>
/// 32 values in 24 bytes. 0: scale d, 2: minimum m (F16); 4: 32 bits, bit j is the fifth bit of value j; 8: 16 bytes,
/// byte j holds the low four bits of value j and, above them, of value j + 16. Value = d * q + m.
/// </summary>
internal static class Q5_1
{
    public static void ToFloat(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = BlockBytes.Half(block, 0), minimum = BlockBytes.Half(block, 2);
        var fifth = BinaryPrimitives.ReadUInt32LittleEndian(block[4..]);
        for (var j = 0; j < 16; j++)
        {
            values[j] = scale * (block[8 + j] & 15 | (int)(fifth >> j & 1) << 4) + minimum;
            values[j + 16] = scale * (block[8 + j] >> 4 | (int)(fifth >> (j + 16) & 1) << 4) + minimum;
        }
    }

    public static void FromFloat(ReadOnlySpan<float> values, Span<byte> block)
    {
        float least = values[0], most = values[0];
        foreach (var value in values) (least, most) = (Math.Min(least, value), Math.Max(most, value));
        var inverse = BlockBytes.Inverse(BlockBytes.SetHalf(block, 0, (most - least) / 31));
        least = BlockBytes.SetHalf(block, 2, least);
        uint fifth = 0;
        for (var j = 0; j < 16; j++)
        {
            var low = BlockBytes.Round((values[j] - least) * inverse, 0, 31);
            var high = BlockBytes.Round((values[j + 16] - least) * inverse, 0, 31);
            block[8 + j] = (byte)(low & 15 | (high & 15) << 4);
            fifth |= (uint)(low >> 4) << j | (uint)(high >> 4) << (j + 16);
        }
        BinaryPrimitives.WriteUInt32LittleEndian(block[4..], fifth);
    }
}
