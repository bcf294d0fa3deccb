using AgentRuntime.Engine.Models;

namespace AgentRuntime.Engine.Tests.Formats.Gguf;

/// <summary>
/// Second decoders of the quantised blocks, written as a walk over the bytes with masks and shifts that move along,
/// where the engine's are formulas of a value's index.
/// </summary>
internal static class WalkingDecoders
{
    private static readonly int[] Levels = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];
    private static readonly float[] E2M1 = [0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0f, -0.5f, -1, -1.5f, -2, -3, -4, -6];

    public static float[] Decode(StorageType type, byte[] block) => type switch
    {
        StorageType.Q4_0 => Nibbles(block, 2, q => Half(block, 0) * (q - 8)),
        StorageType.Q4_1 => Nibbles(block, 4, q => Half(block, 0) * q + Half(block, 2)),
        StorageType.Q5_0 => Fifths(block, 2, q => Half(block, 0) * (q - 16)),
        StorageType.Q5_1 => Fifths(block, 4, q => Half(block, 0) * q + Half(block, 2)),
        StorageType.Q8_0 => [.. block.Skip(2).Select(q => Half(block, 0) * (sbyte)q)],
        StorageType.IQ4_NL => Nibbles(block, 2, q => Half(block, 0) * Levels[q]),
        StorageType.MXFP4 => Nibbles(block, 1, q => (float)(Math.Pow(2, block[0] - 127.0) * E2M1[q])),
        StorageType.Q2_K => Q2K(block),
        StorageType.Q3_K => Q3K(block),
        StorageType.Q4_K => Q4Or5K(block, null, 16),
        StorageType.Q5_K => Q4Or5K(block, block.AsSpan(16, 32).ToArray(), 48),
        StorageType.Q6_K => Q6K(block),
        StorageType.IQ4_XS => IQ4XS(block),
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    private static float Half(byte[] block, int at) => (float)BitConverter.ToHalf(block, at);

    /// <summary>16 bytes: all low nibbles, then all high ones.</summary>
    private static float[] Nibbles(byte[] block, int at, Func<int, float> value)
    {
        var bytes = block[at..(at + 16)];
        return [.. bytes.Select(b => value(b & 15)), .. bytes.Select(b => value(b >> 4))];
    }

    /// <summary>4 bytes with the fifth bits of 32 values in order, then 16 bytes of nibbles.</summary>
    private static float[] Fifths(byte[] block, int at, Func<int, float> value)
    {
        var fifth = new System.Collections.BitArray(block[at..(at + 4)]);
        var index = 0;
        return Nibbles(block, at + 4, q => value(q + (fifth[index++] ? 16 : 0)));
    }

    private static float[] Q2K(byte[] block)
    {
        float d = Half(block, 80), m = Half(block, 82);
        var values = new List<float>();
        var scale = 0;
        for (var quants = 16; quants < 80; quants += 32)
            for (var shift = 0; shift < 8; shift += 2)
                for (var half = 0; half < 2; half++, scale++)
                    for (var l = 0; l < 16; l++)
                        values.Add(d * (block[scale] & 15) * (block[quants + half * 16 + l] >> shift & 3) - m * (block[scale] >> 4));
        return [.. values];
    }

    private static float[] Q3K(byte[] block)
    {
        // The 12 bytes of scales as three words: low halves, high halves and the top bits.
        uint a = BitConverter.ToUInt32(block, 96), b = BitConverter.ToUInt32(block, 100), top = BitConverter.ToUInt32(block, 104);
        uint[] words =
        [
            a & 0x0F0F0F0F | (top & 0x03030303) << 4, b & 0x0F0F0F0F | (top >> 2 & 0x03030303) << 4,
            a >> 4 & 0x0F0F0F0F | (top >> 4 & 0x03030303) << 4, b >> 4 & 0x0F0F0F0F | (top >> 6 & 0x03030303) << 4,
        ];
        byte[] scales = [.. words.SelectMany(BitConverter.GetBytes)];
        var d = Half(block, 108);
        var values = new List<float>();
        var (scale, mask) = (0, 1);
        for (var quants = 32; quants < 96; quants += 32)
            for (var shift = 0; shift < 8; shift += 2, mask <<= 1)
                for (var half = 0; half < 2; half++, scale++)
                    for (var l = half * 16; l < half * 16 + 16; l++)
                        values.Add(d * (scales[scale] - 32) * ((block[quants + l] >> shift & 3) - ((block[l] & mask) != 0 ? 0 : 4)));
        return [.. values];
    }

    private static float[] Q4Or5K(byte[] block, byte[]? fifth, int quants)
    {
        float d = Half(block, 0), m = Half(block, 2);
        var packed = block[4..16];
        var values = new List<float>();
        var mask = 1;
        for (var j = 0; j < 8; j++, mask <<= 1)
        {
            var (scale, minimum) = j < 4
                ? (packed[j] % 64, packed[j + 4] % 64)
                : (packed[j + 4] % 16 + packed[j - 4] / 64 * 16, packed[j + 4] / 16 + packed[j] / 64 * 16);
            for (var l = 0; l < 32; l++)
            {
                var q = j % 2 == 0 ? block[quants + l] % 16 : block[quants + l] / 16;
                if (fifth is not null && (fifth[l] & mask) != 0) q += 16;
                values.Add(d * scale * q - m * minimum);
            }
            if (j % 2 == 1) quants += 32;
        }
        return [.. values];
    }

    private static float[] Q6K(byte[] block)
    {
        var d = Half(block, 208);
        var values = new float[256];
        int low = 0, high = 128, scale = 192;
        for (var at = 0; at < 256; at += 128, low += 64, high += 32, scale += 8)
            for (var l = 0; l < 32; l++)
            {
                int[] quants =
                [
                    block[low + l] % 16 + block[high + l] % 4 * 16, block[low + l + 32] % 16 + block[high + l] / 4 % 4 * 16,
                    block[low + l] / 16 + block[high + l] / 16 % 4 * 16, block[low + l + 32] / 16 + block[high + l] / 64 * 16,
                ];
                for (var part = 0; part < 4; part++)
                    values[at + part * 32 + l] = d * (sbyte)block[scale + part * 2 + l / 16] * (quants[part] - 32);
            }
        return values;
    }

    private static float[] IQ4XS(byte[] block)
    {
        var d = Half(block, 0);
        var top = BitConverter.ToUInt16(block, 2);
        var values = new List<float>();
        for (var j = 0; j < 8; j++, top >>= 2)
        {
            var low = j % 2 == 0 ? block[4 + j / 2] % 16 : block[4 + j / 2] / 16;
            var scale = d * (low + top % 4 * 16 - 32);
            values.AddRange(Nibbles(block, 8 + 16 * j, q => scale * Levels[q]));
        }
        return [.. values];
    }
}
