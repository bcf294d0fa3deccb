using System.Buffers.Binary;

namespace AgentRuntime.Engine.Formats.Gguf.Blocks;

/// <summary>The little-endian 16-bit floats that most blocks begin or end with.</summary>
internal static class BlockBytes
{
    public static float Half(ReadOnlySpan<byte> block, int offset) => (float)BinaryPrimitives.ReadHalfLittleEndian(block[offset..]);

    /// <summary>Stores a scale and returns the value that was really stored.</summary>
    public static float SetHalf(Span<byte> block, int offset, float value)
    {
        var half = (Half)value;
        BinaryPrimitives.WriteHalfLittleEndian(block[offset..], half);
        return (float)half;
    }

    /// <summary>1 / <paramref name="scale"/>, or 0 for a block of zeros.</summary>
    public static float Inverse(float scale) => scale == 0 ? 0 : 1 / scale;

    /// <summary>Rounds to the nearest whole number within bounds.</summary>
    public static int Round(float value, int minimum, int maximum) => (int)Math.Clamp(MathF.Round(value), minimum, maximum);
}
