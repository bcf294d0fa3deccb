using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AgentRuntime.Engine.Formats.Gguf.Blocks;

/// <summary>32 values in 34 bytes. 0: scale d (F16); 2: 32 signed bytes. Value = d * q.</summary>
internal static class Q8_0
{
    public static void ToFloat(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = BlockBytes.Half(block, 0);
        var quants = Vector256.Create(MemoryMarshal.Cast<byte, sbyte>(block[2..]));
        var (low, high) = Vector256.Widen(quants);
        Store(low, scale, values);
        Store(high, scale, values[16..]);
    }

    private static void Store(Vector256<short> quants, float scale, Span<float> values)
    {
        var (low, high) = Vector256.Widen(quants);
        (Vector256.ConvertToSingle(low) * scale).CopyTo(values);
        (Vector256.ConvertToSingle(high) * scale).CopyTo(values[8..]);
    }

    public static void FromFloat(ReadOnlySpan<float> values, Span<byte> block)
    {
        var largest = 0f;
        foreach (var value in values) largest = Math.Max(largest, Math.Abs(value));
        var inverse = BlockBytes.Inverse(BlockBytes.SetHalf(block, 0, largest / 127));
        for (var j = 0; j < 32; j++) block[2 + j] = (byte)(sbyte)BlockBytes.Round(values[j] * inverse, -127, 127);
    }
}
