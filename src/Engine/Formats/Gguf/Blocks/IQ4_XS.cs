using System.Buffers.Binary;

namespace AgentRuntime.Engine.Formats.Gguf.Blocks;

/// <summary>
/// 256 values in 136 bytes. 0: d (F16); 2: 16 bits, the high two bits of 8 scales; 4: 4 bytes, their low four bits;
/// 8: 128 bytes of 4-bit values, 16 bytes per 32 values as in <see cref="IQ4_NL"/>. Value = d * (s - 32) * Table[q].
/// </summary>
internal static class IQ4_XS
{
    public static void ToFloat(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = BlockBytes.Half(block, 0);
        var high = BinaryPrimitives.ReadUInt16LittleEndian(block[2..]);
        for (var j = 0; j < 8; j++)
        {
            var s = block[4 + j / 2] >> j % 2 * 4 & 15 | (high >> j * 2 & 3) << 4;
            var groupScale = scale * (s - 32);
            var quants = block.Slice(8 + j * 16, 16);
            for (var l = 0; l < 16; l++)
            {
                values[j * 32 + l] = groupScale * IQ4_NL.Table[quants[l] & 15];
                values[j * 32 + l + 16] = groupScale * IQ4_NL.Table[quants[l] >> 4];
            }
        }
    }
}
