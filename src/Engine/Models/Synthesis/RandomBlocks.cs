using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using AgentRuntime.Engine.Formats.Gguf;
using AgentRuntime.Engine.Formats.Gguf.Blocks;

namespace AgentRuntime.Engine.Models.Synthesis;

/// <summary>
/// Fills blocks of a storage type with random values of mean 0 and a given standard deviation. Quantised blocks get
/// random bytes and a fixed scale, which costs nothing beside the random numbers.
/// </summary>
internal static class RandomBlocks
{
    /// <summary>Fills whole blocks. The same state of <paramref name="random"/> gives the same bytes.</summary>
    public static void Fill(StorageType type, Span<byte> blocks, float deviation, ref SplitMix64 random)
    {
        if (type is StorageType.F32 or StorageType.F16 or StorageType.BF16)
        {
            Floats(type, blocks, deviation, ref random);
            return;
        }
        random.Fill(blocks);
        var size = StorageLayout.Of(type).BlockBytes;
        for (; !blocks.IsEmpty; blocks = blocks[size..]) SetScales(type, blocks[..size], deviation);
    }

    /// <summary>Evenly distributed between ± √3 deviations.</summary>
    private static void Floats(StorageType type, Span<byte> blocks, float deviation, ref SplitMix64 random)
    {
        Span<float> values = stackalloc float[256];
        var width = StorageLayout.Of(type).BlockBytes;
        while (!blocks.IsEmpty)
        {
            var part = values[..Math.Min(values.Length, blocks.Length / width)];
            foreach (ref var value in part) value = random.Symmetric() * MathF.Sqrt(3) * deviation;
            Quantizer.FromFloat(type, part, blocks[..(part.Length * width)]);
            blocks = blocks[(part.Length * width)..];
        }
    }

    /// <summary>n evenly distributed whole numbers in a row have a standard deviation of √((n² - 1) / 12).</summary>
    private static void SetScales(StorageType type, Span<byte> block, float deviation)
    {
        const float Sixteen = 4.61f, ThirtyTwo = 9.23f, SixtyFour = 18.47f, Bytes = 73.9f;
        // Scales in K blocks become 32 to 63, near 48 on average.
        const float KScale = 48.4f;
        switch (type)
        {
            case StorageType.Q4_0: Half(block, 0, deviation / Sixteen); break;
            case StorageType.Q5_0: Half(block, 0, deviation / ThirtyTwo); break;
            case StorageType.Q8_0:
                Half(block, 0, deviation / Bytes);
                var quants = MemoryMarshal.Cast<byte, sbyte>(block[2..]);
                Vector256.Max(Vector256.Create<sbyte>(quants), Vector256.Create((sbyte)-127)).CopyTo(quants); // quantisers never write -128
                break;
            case StorageType.Q5_1:
                Half(block, 0, deviation / ThirtyTwo);
                Half(block, 2, -15.5f * deviation / ThirtyTwo);
                break;
            case StorageType.Q4_K: SetKScales(block, deviation / Sixteen / KScale, 7.5f); break;
            case StorageType.Q5_K: SetKScales(block, deviation / ThirtyTwo / KScale, 15.5f); break;
            case StorageType.Q6_K:
                foreach (ref var scale in block.Slice(192, 16)) scale = (byte)(scale & 0x80 | 48 | scale & 15); // -80 to -65 and 48 to 63
                Half(block, 208, deviation / SixtyFour / 64.6f);
                break;
            default: throw new ArgumentOutOfRangeException(nameof(type), type, "No random blocks of this type.");
        }
    }

    /// <summary>Gives each group a minimum equal to its scale, so that the middle of its range is 0.</summary>
    private static void SetKScales(Span<byte> block, float scale, float middle)
    {
        Half(block, 0, scale);
        Half(block, 2, scale * middle);
        Span<byte> packed = block.Slice(4, KScales.Bytes);
        Span<byte> source = stackalloc byte[8];
        packed[..8].CopyTo(source);
        packed.Clear();
        for (var j = 0; j < 8; j++) KScales.Set(packed, j, source[j] & 31 | 32, source[j] & 31 | 32);
    }

    private static void Half(Span<byte> block, int offset, float value) => BinaryPrimitives.WriteHalfLittleEndian(block[offset..], (Half)value);
}
