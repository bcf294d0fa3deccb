using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AgentRuntime.Engine.Backends.Cpu.Kernels;

/// <summary>Float vectors of 512 bits (AVX-512).</summary>
internal readonly unsafe struct FloatLanes512 : IFloatLanes<Vector512<float>>
{
    public static bool IsSupported => Vector512.IsHardwareAccelerated && Avx512F.IsSupported;
    public static int Width => Vector512<float>.Count;
    public static Vector512<float> Load(float* source) => Vector512.Load(source);
    public static void Store(Vector512<float> value, float* destination) => value.Store(destination);
    public static Vector512<float> Create(float value) => Vector512.Create(value);
    public static Vector512<float> Add(Vector512<float> a, Vector512<float> b) => a + b;
    public static Vector512<float> Subtract(Vector512<float> a, Vector512<float> b) => a - b;
    public static Vector512<float> Multiply(Vector512<float> a, Vector512<float> b) => a * b;
    public static Vector512<float> Divide(Vector512<float> a, Vector512<float> b) => a / b;
    public static Vector512<float> Max(Vector512<float> a, Vector512<float> b) => Vector512.MaxNative(a, b);
    public static Vector512<float> Min(Vector512<float> a, Vector512<float> b) => Vector512.MinNative(a, b);
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> c) => Vector512.FusedMultiplyAdd(a, b, c);
    public static Vector512<float> Round(Vector512<float> value) => Vector512.Round(value);
    public static Vector512<float> ScaleByPowerOfTwo(Vector512<float> value, Vector512<float> exponent) => Avx512F.Scale(value, exponent);
    public static bool AnyGreater(Vector512<float> a, Vector512<float> b) => Vector512.GreaterThanAny(a, b);
    public static float Sum(Vector512<float> value) => Vector512.Sum(value);

    public static float MaxAcross(Vector512<float> value)
    {
        var half = Vector256.MaxNative(value.GetLower(), value.GetUpper());
        return FloatLanes256.MaxAcross(half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadHalf(ushort* source)
    {
        // Moves exponent and fraction into place and corrects the exponent's bias by a product, which is exact.
        var bits = Vector512.WidenLower(Vector256.Load((short*)source).ToVector512Unsafe()) << 13;
        return (bits & Vector512.Create(unchecked((int)0x8FFFE000))).AsSingle() * Vector512.Create(5.192296858534828e33f); // 2^112
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadBFloat(ushort* source) => (Vector512.WidenLower(Vector256.Load((short*)source).ToVector512Unsafe()) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadSByte(sbyte* source) => Vector512.ConvertToSingle(Vector512.WidenLower(Vector512.WidenLower(Vector128.Load(source).ToVector256Unsafe().ToVector512Unsafe())));

    public static Vector512<float> Abs(Vector512<float> value) => Vector512.Abs(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreShorts(Vector512<float> value, short* destination) =>
        Avx512F.ConvertToVector256Int16(Avx512F.ConvertToVector512Int32(value)).Store(destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> AddPairProducts(Vector512<float> sum, Vector512<float> a, Vector512<float> b) =>
        (sum.AsInt32() + Avx512BW.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16())).AsSingle();

    public static Vector512<float> FromIntegers(Vector512<float> value) => Vector512.ConvertToSingle(value.AsInt32());
}
