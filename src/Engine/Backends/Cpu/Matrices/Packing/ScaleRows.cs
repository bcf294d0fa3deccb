using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using AgentRuntime.Engine.Backends.Cpu.Kernels;

namespace AgentRuntime.Engine.Backends.Cpu.Matrices.Packing;

/// <summary>16 scales at a time, one per row of a panel, as two vectors of 8.</summary>
internal static unsafe class ScaleRows
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<float> Low, Vector256<float> High) Halves(byte* source) =>
        (FloatLanes256.LoadHalf((ushort*)source), FloatLanes256.LoadHalf((ushort*)source + 8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<float> Low, Vector256<float> High) Bytes(byte* source)
    {
        var (low, high) = Vector128.Widen(Vector128.Load(source));
        return (Floats(low.AsInt16()), Floats(high.AsInt16()));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector256<float> Low, Vector256<float> High) SignedBytes(byte* source)
    {
        var (low, high) = Vector128.Widen(Vector128.Load((sbyte*)source));
        return (Floats(low), Floats(high));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> low, Vector256<float> high, float* destination)
    {
        low.Store(destination);
        high.Store(destination + 8);
    }

    private static Vector256<float> Floats(Vector128<short> values)
    {
        var (low, high) = Vector128.Widen(values);
        return Vector256.ConvertToSingle(Vector256.Create(low, high));
    }
}
