using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>Float vectors of 256 bits (AVX2).</summary>
internal readonly unsafe struct FloatLanes256 : IFloatLanes<Vector256<float>>
{
    public static bool IsSupported => Vector256.IsHardwareAccelerated;
    public static int Width => Vector256<float>.Count;
    public static Vector256<float> Load(float* source) => Vector256.Load(source);
    public static void Store(Vector256<float> value, float* destination) => value.Store(destination);
    public static Vector256<float> Create(float value) => Vector256.Create(value);
    public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => a + b;
    public static Vector256<float> Subtract(Vector256<float> a, Vector256<float> b) => a - b;
    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => a * b;
    public static Vector256<float> Divide(Vector256<float> a, Vector256<float> b) => a / b;
    public static Vector256<float> Max(Vector256<float> a, Vector256<float> b) => Vector256.MaxNative(a, b);
    public static Vector256<float> Min(Vector256<float> a, Vector256<float> b) => Vector256.MinNative(a, b);
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Vector256.FusedMultiplyAdd(a, b, c);
    public static Vector256<float> Round(Vector256<float> value) => Vector256.Round(value);
    public static Vector256<float> ScaleByPowerOfTwo(Vector256<float> value, Vector256<float> exponent) =>
        value * ((Vector256.ConvertToInt32Native(exponent) + Vector256.Create(127)) << 23).AsSingle();
    public static bool AnyGreater(Vector256<float> a, Vector256<float> b) => Vector256.GreaterThanAny(a, b);
    public static float Sum(Vector256<float> value) => Vector256.Sum(value);

    public static float MaxAcross(Vector256<float> value)
    {
        var half = Vector128.MaxNative(value.GetLower(), value.GetUpper());
        return FloatLanes128.MaxAcross(half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadHalf(ushort* source)
    {
        // Moves exponent and fraction into place and corrects the exponent's bias by a product, which is exact.
        var bits = Vector256.WidenLower(Vector128.Load((short*)source).ToVector256Unsafe()) << 13;
        return (bits & Vector256.Create(unchecked((int)0x8FFFE000))).AsSingle() * Vector256.Create(5.192296858534828e33f); // 2^112
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadBFloat(ushort* source) => (Vector256.WidenLower(Vector128.Load((short*)source).ToVector256Unsafe()) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadSByte(sbyte* source) => Vector256.ConvertToSingle(Vector256.WidenLower(Vector256.WidenLower(Vector128.CreateScalarUnsafe(*(long*)source).AsSByte().ToVector256Unsafe())));

    public static Vector256<float> Abs(Vector256<float> value) => Vector256.Abs(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreShorts(Vector256<float> value, short* destination)
    {
        var integers = Integers(value);
        Vector128.Narrow(integers.GetLower(), integers.GetUpper()).Store(destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> AddPairProducts(Vector256<float> sum, Vector256<float> a, Vector256<float> b)
    {
        if (AvxVnni.IsSupported) return AvxVnni.MultiplyWideningAndAdd(sum.AsInt32(), a.AsInt16(), b.AsInt16()).AsSingle();
        if (Avx2.IsSupported) return (sum.AsInt32() + Avx2.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16())).AsSingle();
        return Vector256.Create(
            FloatLanes128.AddPairProducts(sum.GetLower(), a.GetLower(), b.GetLower()), FloatLanes128.AddPairProducts(sum.GetUpper(), a.GetUpper(), b.GetUpper()));
    }

    public static Vector256<float> FromIntegers(Vector256<float> value) => Vector256.ConvertToSingle(value.AsInt32());

    private static Vector256<int> Integers(Vector256<float> value) => Vector256.ConvertToInt32Native(Vector256.Round(value));
}
