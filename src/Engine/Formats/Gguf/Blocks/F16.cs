using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AgentRuntime.Engine.Formats.Gguf.Blocks;

/// <summary>16-bit IEEE floats: sign, 5 bits of exponent with bias 15, 10 bits of fraction.</summary>
internal static class F16
{
    public static void ToFloat(ReadOnlySpan<byte> bytes, Span<float> values)
    {
        var halves = MemoryMarshal.Cast<byte, ushort>(bytes);
        var i = 0;
        for (; i <= values.Length - 16; i += 16)
        {
            var (low, high) = Vector256.Widen(Vector256.Create(halves[i..]));
            ToFloat(low).CopyTo(values[i..]);
            ToFloat(high).CopyTo(values[(i + 8)..]);
        }
        for (; i < values.Length; i++) values[i] = (float)BitConverter.UInt16BitsToHalf(halves[i]);
    }

    public static void FromFloat(ReadOnlySpan<float> values, Span<byte> bytes)
    {
        var halves = MemoryMarshal.Cast<byte, Half>(bytes);
        for (var i = 0; i < values.Length; i++) halves[i] = (Half)values[i];
    }

    /// <summary>
    /// Exponent and fraction moved to a 32-bit float's places give the value times 2^-112, also for subnormals;
    /// the multiplication puts that right. Infinity and NaN then still need their exponent.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> ToFloat(Vector256<uint> half)
    {
        var magnitude = half & Vector256.Create(0x7FFFu);
        var sign = (half ^ magnitude) << 16;
        var special = Vector256.GreaterThanOrEqual(magnitude, Vector256.Create(0x7C00u)) & Vector256.Create(0x7F800000u);
        var value = (magnitude << 13).AsSingle() * Vector256.Create(BitConverter.UInt32BitsToSingle((127u + 112) << 23));
        return (value.AsUInt32() | special | sign).AsSingle();
    }
}
