using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AgentRuntime.Engine.Formats.Gguf.Blocks;

/// <summary>16-bit brain floats: the upper half of a 32-bit float.</summary>
internal static class BF16
{
    public static void ToFloat(ReadOnlySpan<byte> bytes, Span<float> values)
    {
        var source = MemoryMarshal.Cast<byte, ushort>(bytes);
        var i = 0;
        for (; i <= values.Length - 16; i += 16)
        {
            var (low, high) = Vector256.Widen(Vector256.Create(source[i..]));
            (low << 16).AsSingle().CopyTo(values[i..]);
            (high << 16).AsSingle().CopyTo(values[(i + 8)..]);
        }
        for (; i < values.Length; i++) values[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
    }

    public static void FromFloat(ReadOnlySpan<float> values, Span<byte> bytes)
    {
        var target = MemoryMarshal.Cast<byte, ushort>(bytes);
        for (var i = 0; i < values.Length; i++) target[i] = Round(values[i]);
    }

    /// <summary>Rounds to the nearest, ties to even; a NaN stays one.</summary>
    private static ushort Round(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)(bits >> 16 | 0x40) : (ushort)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    }
}
