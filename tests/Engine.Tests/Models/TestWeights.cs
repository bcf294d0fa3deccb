using System.Buffers.Binary;
using AgentRuntime.Engine.Formats.Gguf;
using AgentRuntime.Engine.Models;
using AgentRuntime.Engine.Tests.Formats.Gguf;

namespace AgentRuntime.Engine.Tests.Models;

/// <summary>Random weights in every storage type, and what they mean by the tests' own decoders.</summary>
internal static class TestWeights
{
    /// <summary>Where a block keeps its scale, its minimum (or -1), and the minimum's share of the scale that centres the values.</summary>
    private static readonly Dictionary<StorageType, (int Scale, int Minimum, double Share)> Scales = new()
    {
        [StorageType.Q4_0] = (0, -1, 0),
        [StorageType.Q4_1] = (0, 2, -7.5),
        [StorageType.Q5_0] = (0, -1, 0),
        [StorageType.Q5_1] = (0, 2, -15.5),
        [StorageType.Q8_0] = (0, -1, 0),
        [StorageType.Q2_K] = (80, 82, 1.5),
        [StorageType.Q3_K] = (108, -1, 0),
        [StorageType.Q4_K] = (0, 2, 7.5),
        [StorageType.Q5_K] = (0, 2, 15.5),
        [StorageType.Q6_K] = (208, -1, 0),
        [StorageType.IQ4_NL] = (0, -1, 0),
        [StorageType.IQ4_XS] = (0, -1, 0),
    };

    /// <summary>So many random values with a standard deviation of about <paramref name="deviation"/>.</summary>
    public static byte[] Fill(StorageType type, long count, double deviation, Random random)
    {
        var layout = StorageLayout.Of(type);
        var bytes = new byte[layout.Bytes(count)];
        random.NextBytes(bytes);
        var scale = deviation;
        if (layout.BlockLength > 1)
        {
            // What the bytes are worth with a scale of 1 says what the scale has to be.
            SetScales(type, bytes, 1, random);
            var values = Decode(type, bytes.AsSpan(0, Math.Min(bytes.Length, 64 * layout.BlockBytes)).ToArray());
            scale /= Math.Sqrt(values.Average(value => value * value));
        }
        SetScales(type, bytes, scale, random);
        return bytes;
    }

    public static double[] Decode(StorageType type, byte[] bytes)
    {
        var size = StorageLayout.Of(type).BlockBytes;
        return type switch
        {
            StorageType.F32 => [.. bytes.Chunk(4).Select(b => (double)BitConverter.ToSingle(b))],
            StorageType.F16 => [.. bytes.Chunk(2).Select(b => (double)BitConverter.ToHalf(b))],
            StorageType.BF16 => [.. bytes.Chunk(2).Select(b => (double)BitConverter.Int32BitsToSingle(BitConverter.ToInt16(b) << 16))],
            _ => [.. bytes.Chunk(size).SelectMany(block => WalkingDecoders.Decode(type, block)).Select(value => (double)value)],
        };
    }

    private static void SetScales(StorageType type, byte[] bytes, double scale, Random random)
    {
        var size = StorageLayout.Of(type).BlockBytes;
        for (var start = 0; start < bytes.Length; start += size)
        {
            var block = bytes.AsSpan(start, size);
            var value = (float)((random.NextDouble() - 0.5) * Math.Sqrt(12) * scale);
            switch (type)
            {
                case StorageType.F32: BinaryPrimitives.WriteSingleLittleEndian(block, value); break;
                case StorageType.F16: BinaryPrimitives.WriteHalfLittleEndian(block, (Half)value); break;
                case StorageType.BF16: BinaryPrimitives.WriteUInt16LittleEndian(block, (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16)); break;
                case StorageType.MXFP4: block[0] = (byte)(127 + Math.Round(Math.Log2(scale))); break;
                default:
                    var (at, minimum, share) = Scales[type];
                    BinaryPrimitives.WriteHalfLittleEndian(block[at..], (Half)scale);
                    if (minimum >= 0) BinaryPrimitives.WriteHalfLittleEndian(block[minimum..], (Half)(scale * share));
                    // Quantisers keep Q8_0 symmetric: -128 is never written.
                    if (type == StorageType.Q8_0)
                        foreach (ref var quant in block[2..]) quant = quant == 0x80 ? (byte)0x81 : quant;
                    break;
            }
        }
    }
}
